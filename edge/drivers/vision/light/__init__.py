"""What the checks of the controlled light are told: how places of the face and of the eyes shine."""
