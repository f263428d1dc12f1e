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
	thumbPixels = 1 << 27 // a larger picture isn't decoded: a worker may deliver a bomb
	thumbBytes  = 1 << 28
	thumbTries  = 3 // of a picture on one connection
)

type thumbKey struct {
	job    string
	number int
	digest string
}

// bounds are how large pictures are, and how many are kept.
type bounds struct {
	width  int // pixels
	kept   int // in memory
	onDisk int // files in the folder
	batch  int // frames asked for at once
}

var (
	smallPictures = bounds{320, 600, 5000, 16} // twice a cell's width, for dense screens; about 0.2 MB each
	largePictures = bounds{2560, 6, 60, 1}     // fill a window; up to 15 MB each
)

// thumbs fetches delivered frames and scales them down. The folder keeps the smaller
// pictures by the digest of the frames, so a frame is fetched once.
type thumbs struct {
	dir string
	bounds
	touch func()
	log   *slog.Logger
	wake  chan struct{}

	mu     sync.Mutex // guards what follows
	source Source
	queue  []thumbKey
	asked  map[thumbKey]bool // queued, or tried and failed
	failed map[thumbKey]int  // how often on this connection
	images map[thumbKey]image.Image
	order  []thumbKey          // of images, oldest first
	lacks  map[thumbKey]string // why there is none

	saved int // files since the last pruning; the fetching goroutine's
}

func newThumbs(dir string, b bounds, touch func(), log *slog.Logger) *thumbs {
	return &thumbs{
		dir: dir, bounds: b, touch: touch, log: log, wake: make(chan struct{}, 1),
		asked: make(map[thumbKey]bool), failed: make(map[thumbKey]int), images: make(map[thumbKey]image.Image), lacks: make(map[thumbKey]string),
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

// keyOf names a frame's picture; false where it can't have one.
func keyOf(frame job.Frame) (thumbKey, bool) {
	if len(frame.Digest) != 64 {
		return thumbKey{}, false
	}
	_, err := hex.DecodeString(frame.Digest) // it names a file
	return thumbKey{frame.Job, frame.Number, strings.ToLower(frame.Digest)}, err == nil
}

// at is one picture, or why there is none; neither while it is under way.
func (t *thumbs) at(key thumbKey) (image.Image, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.images[key], t.lacks[key]
}

func (t *thumbs) want(frame job.Frame) {
	key, ok := keyOf(frame)
	if t.dir == "" || !ok {
		return
	}
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
	for len(t.queue) > 0 && len(batch) < t.batch {
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
		t.again(batch, err)
		return
	}
	for _, file := range files.Files {
		key, wanted := missing[file.Frame]
		if !wanted || file.Extra {
			continue
		}
		if file.Size > thumbBytes {
			t.lack(key, fmt.Errorf("a file of %d MB is too large to show here", file.Size>>20))
			continue
		}
		large := t.path(key) + ".part"
		if err := source.Download(inner, file, large); err != nil {
			t.log.Warn("no thumbnail", "frame", file.Frame, "error", err)
			t.again([]thumbKey{key}, err)
			continue
		}
		picture, err := decode(large)
		os.Remove(large)
		if err != nil { // the cell shows no picture
			t.log.Info("a frame has no thumbnail", "frame", file.Frame, "reason", err)
			t.lack(key, err)
			continue
		}
		small := scale(picture, t.width)
		if err := save(t.path(key), small); err != nil {
			t.log.Warn("a thumbnail isn't kept", "error", err)
		}
		if t.saved++; t.saved >= t.onDisk/4 {
			t.saved = 0
			t.prune()
		}
		t.put(key, small)
	}
}

func (t *thumbs) lack(key thumbKey, err error) {
	t.mu.Lock()
	t.lacks[key] = Problem(err)
	t.mu.Unlock()
	t.touch()
}

// again lets a later wish try once more.
func (t *thumbs) again(keys []thumbKey, err error) {
	defer t.touch()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		t.lacks[key] = Problem(err)
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
	delete(t.lacks, key)
	for len(t.order) > t.kept {
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
	for len(files) > t.onDisk {
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

// scale makes a picture at most so wide, never larger than it was.
func scale(picture image.Image, width int) image.Image {
	bounds := picture.Bounds()
	if bounds.Dx() <= width {
		return picture
	}
	height := max(1, bounds.Dy()*width/bounds.Dx())
	small := image.NewNRGBA(image.Rect(0, 0, width, min(height, 4*width)))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), picture, bounds, draw.Src, nil)
	return small
}

func save(path string, picture image.Image) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".thumb-*.part")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	err = errors.Join(encoder.Encode(temp, picture), temp.Close())
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
