"""The constants of the generative model. They change only by a decision record (docs/decisions/).

Sizes are in log price unless a unit stands in the name. docs/sample_market.md states the model in
words; a test measures these figures back from the answer key.
"""

from datetime import date

START = date(2022, 1, 1)
"""First day of the market. The same for every seed, so that a file name says its month."""

DELTA_DAYS = 14
"""The last days of the window come as one update file a day instead of the monthly file."""

# Noise. What the off_market track cannot see (sale noise and condition) is its irreducible error.
SALE_NOISE_SD = 0.07
LIST_NOISE_SD = 0.03
CONDITION_SD = 0.06
LIST_MARKUP = 0.012
"""Mean of log(last list price / sale price): sellers give a little."""

# The market index: monthly knots, linear between them in days.
INDEX_RISE_PER_MONTH = 0.006
INDEX_TURN_DROP = 0.11
"""Fall from the peak over INDEX_TURN_MONTHS months; 0.11 in logs is 10.4%, above the 8% floor."""
INDEX_TURN_MONTHS = 5
INDEX_TURN_AT = 0.5
"""The peak stands at this share of the window."""
INDEX_AFTER_PER_MONTH = 0.002
SEASON_AMPLITUDE = 0.015
SEASON_PEAK_DAY = 150

# Place.
BASE_LOG_PRICE = 12.68
CENTRE_SLOPE_PER_KM = -0.008
BROAD_BUMPS, BROAD_SD, BROAD_KM = 14, 0.12, (9.0, 18.0)
LOCAL_BUMPS, LOCAL_SD, LOCAL_KM = 90, 0.06, (3.0, 4.5)
SUBDIVISION_STEP_SD = 0.05
DISTRICT_STEP_SD = 0.07
BAYOU_STEP = 0.08
"""Homes north of the bayou fetch this much more than their neighbours across it."""

# Structure.
AREA_ELASTICITY = 0.62
LOT_ELASTICITY = 0.10
AGE_PER_YEAR = -0.0035
AGE_CAP_YEARS = 60
BATH_EACH = 0.025
GARAGE_EACH = 0.015
POOL = 0.045
STORIES_ABOVE_ONE = -0.012
TOWNHOUSE = -0.06
CROWDED_BEDS = -0.04
"""Per bedroom beyond one per 550 square feet."""

# Life of a listing.
SHARE_SOLD, SHARE_TERMINATED, SHARE_EXPIRED = 0.74, 0.11, 0.08  # the rest is withdrawn
SHARE_RELIST, SHARE_REPEAT, SHARE_FLIP = 0.08, 0.06, 0.03  # of all listings
SHARE_FALL_THROUGH = 0.06
SHARE_COMING_SOON = 0.04
SHARE_NOT_ARMS_LENGTH = 0.012  # of first campaigns meant to sell
FAMILY_TRANSFER_SHARE_OF_VALUE = (0.45, 0.80)

# Faults.
FAULT_SHARE = 0.0125
"""Planted row faults over all rows of all exports."""
FAULTS_PER_KIND_LEAST = 3
FAULT_SHARE_MOST = 0.04
"""A small market goes without some kinds rather than drown in faults."""

STATUSES = (
    "Coming Soon",
    "Active",
    "Option Pending",
    "Pending Continue to Show",
    "Pending",
    "Sold",
    "Withdrawn",
    "Terminated",
    "Expired",
)
COMING_SOON, ACTIVE, OPTION, CONTINUE, PENDING, SOLD, WITHDRAWN, TERMINATED, EXPIRED = range(9)
