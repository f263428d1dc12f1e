package proof

import (
	"fmt"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// TileSize is the side of a tile in pixels. Tiles at the right and bottom edge are smaller.
const TileSize = 16

// Rect is a region in pixels, origin at the top left of the image.
type Rect = raster.Rect

// TileCount returns the number of tiles of an image of w by h pixels.
func TileCount(w, h int) int {
	if w <= 0 || h <= 0 {
		return 0
	}
	return ((w + TileSize - 1) / TileSize) * ((h + TileSize - 1) / TileSize)
}

// TileRect returns the pixels of a tile. Tiles are numbered row by row from the top left.
func TileRect(w, h, tile int) (Rect, error) {
	if tile < 0 || tile >= TileCount(w, h) {
		return Rect{}, fmt.Errorf("tile %d: an image of %d×%d has %d tiles", tile, w, h, TileCount(w, h))
	}
	across := (w + TileSize - 1) / TileSize
	x, y := tile%across*TileSize, tile/across*TileSize
	return Rect{X: x, Y: y, W: min(TileSize, w-x), H: min(TileSize, h-y)}, nil
}
