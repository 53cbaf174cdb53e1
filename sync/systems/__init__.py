"""The two systems: HTTP, sign-in and OData, and on top of them Sales (Dataverse) and Finance & Operations."""
