"""The words of the export: its headings, and what agents write in cells."""

HEADINGS = (
    "MLS Number", "Property Type", "Status", "List Price", "Original List Price", "Current Price",
    "Close Price", "List Date", "Close Date", "Last Change Timestamp", "DOM", "CDOM", "Address",
    "Street Number", "Street Dir Prefix", "Street Name", "Street Suffix", "Street Dir Suffix",
    "Unit Number", "City/Location", "State Or Province", "County", "Zip Code", "Subdivision",
    "Master Planned Community", "Area", "Market Area", "Latitude", "Longitude", "Building SqFt",
    "Price Sq Ft List", "Price Sq Ft Sold", "Lot Size", "Acres", "Year Built", "Bedrooms",
    "Baths Full", "Baths Half", "Baths Total", "Stories", "Style", "Pool Private",
    "No Of Garage Cap", "Builder Name", "School District", "School Elementary", "School Middle",
    "School High", "HOA Mandatory", "Maint Fee Amt", "Maint Fee Pay Schedule",
    "Other Mandatory Fee", "Fee Other", "Fee Other Amount", "Restrictions", "Tax Year",
    "Tax Amount", "Tax Rate", "Ownership", "List Agent Full Name", "List Office Name",
    "Selling Agent Full Name", "Selling Office Name", "Co Selling Agent Full Name",
    "Co Selling Office Name", "Co List Team Name", "Photo Count", "Public Remarks",
)  # fmt: skip
"""The heading row of the long export, in its order."""

REMARKS = (
    "Seller will look at all offers.", "Zoned to a new campus.", "Corner lot near the trail.",
    "Walk to schools.", "Covered patio, mature trees.", "Open plan with island kitchen.",
    "Game room up, study down.", "Easy drive to downtown.", "Quiet street.", "Room for a boat.",
)  # fmt: skip
# Every character of these is in Windows-1252 too: two files are written in it.
ACCENTED = ("Café corner in the kitchen.", "Piñon doors – a must see.", "Owner’s suite down.")
FAMILY_REMARK = "Sold before processing. Entered for comparables."
STYLES = ("Traditional", "Contemporary/Modern,Traditional", "Ranch", "Craftsman", "Other Style")
STORIES = ("1", "1.5", "2", "3")
MONEY = (
    "List Price", "Original List Price", "Current Price", "Close Price", "Maint Fee Amt",
    "Tax Amount",
)  # fmt: skip
COUNTIES = {"Fulshear": "Fort Bend", "Pearland": "Brazoria"}
