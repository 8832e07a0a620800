"""What the live views are asked over HTTP: by patients on the portal, doctors on their phones, staff at the console."""
