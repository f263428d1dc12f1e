// Command heliostat-bench-pack is this project's side of the packaging benchmark: it packs
// folders into a blob folder, through the code that a submit runs, and prints what it did. It is a program of its
// own so that CPU time and peak memory are this side's alone.
//
// It is not for use outside the benchmark: it keeps the tenant's key beside the chunks.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path"
	"path/filepath"

	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/service"
)

// result is printed as one line of JSON.
type result struct {
	Uploaded int64 `json:"uploaded"` // stored bytes, the sealed manifest's included
	Reread   int64 `json:"reread"`   // plaintext bytes that were read
	Bytes    int64 `json:"bytes"`    // plaintext bytes of the scene
	Chunks   int   `json:"chunks"`
}

func main() {
	log.SetFlags(0)
	home := flag.String("home", "", "folder for the store, the key and the scan cache")
	first := flag.String("main", "scene.blend", "the file that a renderer would open")
	steady := flag.String("steady", "", "only prepare this .blend in place, as a submission does with its copy")
	flag.Parse()
	if *steady != "" {
		if err := submit.Steady(*steady); err != nil {
			log.Fatalf("heliostat-bench-pack: %v", err)
		}
		return
	}
	ctx, stop := service.Context()
	defer stop()
	got, err := run(ctx, *home, *first, flag.Args())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(got)
	}
	if err != nil {
		log.Fatalf("heliostat-bench-pack: %v", err)
	}
}

func run(ctx context.Context, home, first string, folders []string) (result, error) {
	key, err := tenant(filepath.Join(home, "key"))
	if err != nil {
		return result{}, err
	}
	var all []pack.Source
	for i, folder := range folders {
		under := ""
		if i > 0 {
			under = fmt.Sprintf("more-%d", i)
		}
		if all, err = sources(all, folder, under); err != nil {
			return result{}, fmt.Errorf("list %s: %w", folder, err)
		}
	}
	store, err := dir.Open(dir.Options{Root: filepath.Join(home, "store")})
	if err != nil {
		return result{}, err
	}
	defer store.Close()
	built, err := pack.Build(ctx, pack.BuildOptions{
		Sources: all, Main: first, TenantKey: key, Sink: sink{store}, ScanCache: filepath.Join(home, "scan"),
	})
	if err != nil {
		return result{}, err
	}
	if built.Warning != nil {
		return result{}, built.Warning
	}
	size := int64(len(built.Manifest))
	if err := store.Put(ctx, "manifests/"+built.ID, bytes.NewReader(built.Manifest), size, sha256.Sum256(built.Manifest)); err != nil {
		return result{}, err
	}
	return result{Uploaded: built.Uploaded + size, Reread: built.Reread, Bytes: built.Bytes, Chunks: len(built.Chunks)}, nil
}

func tenant(file string) (seal.TenantKey, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key := seal.NewTenantKey()
		return key, os.WriteFile(file, []byte(key.Hex()), 0o600)
	}
	if err != nil {
		return seal.TenantKey{}, err
	}
	return seal.ParseTenantKey(string(b))
}

// sources lists a folder. Paths keep the folder as it was given, so that a scene that was
// edited behind a link is found where it was.
func sources(all []pack.Source, folder, under string) ([]pack.Source, error) {
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all = append(all, pack.Source{Name: path.Join(under, name), Path: filepath.Join(folder, filepath.FromSlash(name))})
		return nil
	})
	return all, err
}

// sink puts chunks into the store as the manager's HTTP handler does.
type sink struct{ store *dir.Store }

func key(c pack.ChunkRef) string {
	id := c.ID.String()
	return "chunks/" + id[:2] + "/" + id
}

func (s sink) Missing(ctx context.Context, chunks []pack.ChunkRef) ([]pack.ChunkRef, error) {
	var missing []pack.ChunkRef
	for _, c := range chunks {
		_, err := s.store.Stat(ctx, key(c))
		switch {
		case errors.Is(err, blob.ErrNotFound):
			missing = append(missing, c)
		case err != nil:
			return nil, err
		}
	}
	return missing, nil
}

func (s sink) Put(ctx context.Context, c pack.ChunkRef, stored []byte) error {
	return s.store.Put(ctx, key(c), bytes.NewReader(stored), c.Size, c.Digest)
}
