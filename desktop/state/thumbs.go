package state

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // delivered frames
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/tiff" // delivered frames
	_ "golang.org/x/image/webp" // delivered frames

	"github.com/heliostat-render/heliostat/shared/job"
)

const (
	thumbWidth   = 320     // pixels; twice a cell's width, for dense screens
	thumbsKept   = 600     // pictures in memory, about 0.2 MB each
	thumbsOnDisk = 5000    // files in the cache folder
	thumbBatch   = 16      // frames asked for at once
	thumbPixels  = 1 << 27 // a larger picture isn't decoded: a worker may deliver a bomb
	thumbBytes   = 1 << 28
	thumbTries   = 3 // of a picture on one connection
)

type thumbKey struct {
	job    string
	number int
	digest string
}

// thumbs fetches delivered frames and scales them down. The folder keeps the small
// pictures by the digest of the large ones, so a frame is fetched once.
type thumbs struct {
	dir   string
	touch func()
	log   *slog.Logger
	wake  chan struct{}

	mu     sync.Mutex // guards what follows
	source Source
	queue  []thumbKey
	asked  map[thumbKey]bool // queued, or tried and failed
	failed map[thumbKey]int  // how often on this connection
	images map[thumbKey]image.Image
	order  []thumbKey // of images, oldest first
}

func newThumbs(dir string, touch func(), log *slog.Logger) *thumbs {
	return &thumbs{
		dir: dir, touch: touch, log: log, wake: make(chan struct{}, 1),
		asked: make(map[thumbKey]bool), failed: make(map[thumbKey]int), images: make(map[thumbKey]image.Image),
	}
}

func (t *thumbs) use(source Source) {
	t.mu.Lock()
	t.source = source
	for key := range t.failed {
		if _, have := t.images[key]; !have {
			delete(t.asked, key)
		}
	}
	clear(t.failed)
	t.mu.Unlock()
	signal(t.wake)
}

func (t *thumbs) want(frame job.Frame) {
	if t.dir == "" || len(frame.Digest) != 64 {
		return
	}
	if _, err := hex.DecodeString(frame.Digest); err != nil { // it names a file
		return
	}
	key := thumbKey{frame.Job, frame.Number, strings.ToLower(frame.Digest)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked[key] {
		return
	}
	t.asked[key] = true
	t.queue = append(t.queue, key)
	signal(t.wake)
}

// of returns the pictures of one job.
func (t *thumbs) of(id string) map[int]image.Image {
	t.mu.Lock()
	defer t.mu.Unlock()
	images := make(map[int]image.Image)
	for _, key := range t.order {
		if key.job == id {
			images[key.number] = t.images[key]
		}
	}
	return images
}

func (t *thumbs) run(ctx context.Context) {
	if t.dir == "" {
		return
	}
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		t.log.Warn("no thumbnails", "error", err)
		return
	}
	t.prune()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		}
		for ctx.Err() == nil {
			batch, source := t.next()
			if len(batch) == 0 {
				break
			}
			t.fetch(ctx, batch, source)
		}
	}
}

// next takes the newest wishes first: those are the cells on the screen.
func (t *thumbs) next() ([]thumbKey, Source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.source == nil {
		return nil, nil
	}
	var batch []thumbKey
	for len(t.queue) > 0 && len(batch) < thumbBatch {
		last := t.queue[len(t.queue)-1]
		if len(batch) > 0 && last.job != batch[0].job {
			break
		}
		t.queue = t.queue[:len(t.queue)-1]
		batch = append(batch, last)
	}
	return batch, t.source
}

func (t *thumbs) path(key thumbKey) string { return filepath.Join(t.dir, key.digest+".png") }

func (t *thumbs) fetch(ctx context.Context, batch []thumbKey, source Source) {
	var ask []int
	missing := make(map[int]thumbKey)
	for _, key := range batch {
		if picture, err := decode(t.path(key)); err == nil {
			t.put(key, picture)
			continue
		}
		ask = append(ask, key.number)
		missing[key.number] = key
	}
	if len(ask) == 0 {
		return
	}
	sort.Ints(ask)
	inner, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	files, err := source.Files(inner, batch[0].job, ask)
	if err != nil {
		t.log.Warn("no thumbnails now", "job", batch[0].job, "error", err)
		t.again(batch)
		return
	}
	for _, file := range files.Files {
		key, wanted := missing[file.Frame]
		if !wanted || file.Size > thumbBytes {
			continue
		}
		large := t.path(key) + ".part"
		if err := source.Download(inner, file, large); err != nil {
			t.log.Warn("no thumbnail", "frame", file.Frame, "error", err)
			t.again([]thumbKey{key})
			continue
		}
		picture, err := decode(large)
		os.Remove(large)
		if err != nil { // the cell shows no picture
			t.log.Info("a frame has no thumbnail", "frame", file.Frame, "reason", err)
			continue
		}
		small := scale(picture)
		if err := save(t.path(key), small); err != nil {
			t.log.Warn("a thumbnail isn't kept", "error", err)
		}
		t.put(key, small)
	}
}

// again lets a later wish try once more.
func (t *thumbs) again(keys []thumbKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		t.failed[key]++
		if _, have := t.images[key]; !have && t.failed[key] < thumbTries {
			delete(t.asked, key)
		}
	}
}

func (t *thumbs) put(key thumbKey, picture image.Image) {
	t.mu.Lock()
	if _, have := t.images[key]; !have {
		t.order = append(t.order, key)
	}
	t.images[key] = picture
	for len(t.order) > thumbsKept {
		delete(t.images, t.order[0])
		delete(t.asked, t.order[0])
		t.order = t.order[1:]
	}
	t.mu.Unlock()
	t.touch()
}

// prune removes the oldest files beyond the folder's bound, and downloads cut short.
func (t *thumbs) prune() {
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return
	}
	type aged struct {
		path string
		time time.Time
	}
	var files []aged
	for _, entry := range entries {
		path := filepath.Join(t.dir, entry.Name())
		if strings.HasSuffix(path, ".part") {
			os.Remove(path)
			continue
		}
		if info, err := entry.Info(); err == nil && strings.HasSuffix(path, ".png") {
			files = append(files, aged{path, info.ModTime()})
		}
	}
	sort.Slice(files, func(i, j int) bool { return files[i].time.Before(files[j].time) })
	for len(files) > thumbsOnDisk {
		os.Remove(files[0].path)
		files = files[1:]
	}
}

// decode reads a picture of bounded size.
func decode(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	config, kind, err := image.DecodeConfig(io.LimitReader(file, thumbBytes))
	if errors.Is(err, image.ErrFormat) {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return decodeEXR(file)
	}
	if err != nil {
		return nil, err
	}
	if config.Width <= 0 || config.Height <= 0 || int64(config.Width)*int64(config.Height) > thumbPixels {
		return nil, fmt.Errorf("a %s picture of %d×%d pixels is too large to show", kind, config.Width, config.Height)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	picture, _, err := image.Decode(io.LimitReader(file, thumbBytes))
	return picture, err
}

// scale makes a picture thumbWidth wide, never larger than it was.
func scale(picture image.Image) image.Image {
	bounds := picture.Bounds()
	if bounds.Dx() <= thumbWidth {
		return picture
	}
	height := max(1, bounds.Dy()*thumbWidth/bounds.Dx())
	small := image.NewNRGBA(image.Rect(0, 0, thumbWidth, min(height, 4*thumbWidth)))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), picture, bounds, draw.Src, nil)
	return small
}

func save(path string, picture image.Image) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".thumb-*.part")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	err = errors.Join(png.Encode(temp, picture), temp.Close())
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
