"""What a home lets go of, by class: never what is held, named by a table, or needed to go back."""
