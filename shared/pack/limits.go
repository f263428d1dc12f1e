package pack

// Limits bound what a package may hold. A zero field has its default.
type Limits struct {
	Files         int   // files
	Chunks        int   // distinct chunks
	ManifestBytes int64 // sealed manifest
	FileBytes     int64 // one file
	TotalBytes    int64 // all files
	Expansion     int64 // all files against all stored chunks, beyond the first GiB
}

const freeExpansion = 1 << 30

func (l Limits) withDefaults() Limits {
	d := Limits{
		Files: 200_000, Chunks: 4_000_000, ManifestBytes: 512 << 20,
		FileBytes: 1 << 40, TotalBytes: 4 << 40, Expansion: 20_000,
	}
	if l.Files > 0 {
		d.Files = l.Files
	}
	if l.Chunks > 0 {
		d.Chunks = l.Chunks
	}
	if l.ManifestBytes > 0 {
		d.ManifestBytes = l.ManifestBytes
	}
	if l.FileBytes > 0 {
		d.FileBytes = l.FileBytes
	}
	if l.TotalBytes > 0 {
		d.TotalBytes = l.TotalBytes
	}
	if l.Expansion > 0 {
		d.Expansion = l.Expansion
	}
	return d
}
