"""The local world: everything of Azure and Dynamics that one machine needs to run the app. Never deployed."""
