"""From a code under the camera, or from a hand scanner, to the page of what it is on."""
