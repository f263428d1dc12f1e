package fetch

import (
	"github.com/heliostat-render/heliostat/shared/blob/chunkcache"
	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/pack"
)

// Chunks makes a chunk cache a Fetcher's Cache.
func Chunks(c *chunkcache.Cache) Cache { return chunks{c} }

type chunks struct{ cache *chunkcache.Cache }

func (c chunks) Through(upstream pack.Fetcher) pack.Fetcher { return c.cache.Through(upstream) }

func (c chunks) Has(id chunk.ID) bool {
	_, found := c.cache.Get(id)
	return found
}
