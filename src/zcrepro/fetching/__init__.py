"""Files from elsewhere: listed, downloaded, verified."""
