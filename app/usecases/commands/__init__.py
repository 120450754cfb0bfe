"""Does what people ask with comments and buttons: one verb after the other, each answered once."""
