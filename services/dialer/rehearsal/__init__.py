"""An application tried out without a telephone, in a terminal or for the api; a script or a keyboard is its callee."""
