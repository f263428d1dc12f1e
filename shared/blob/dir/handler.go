package dir

import (
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// ErrorHeader carries a word that says why a request was refused; shared/blob/transfer
// turns it back into an error.
const ErrorHeader = "X-Heliostat-Error"

// patience is how long a sender or receiver may stand still.
const patience = 60 * time.Second

// Handler serves the store's signed URLs below Prefix: PUT, GET with ranges, and HEAD. The
// caller mounts it at Prefix, without stripping it.
func (s *Store) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		c, err := s.verify(r.Method, r.URL.Path, r.URL.RawQuery)
		if err == nil {
			if r.Method == http.MethodPut {
				err = s.servePut(w, r, c)
			} else {
				err = s.serveGet(w, r, c)
			}
		}
		if err != nil {
			refuse(w, r, err)
		}
	})
}

func (s *Store) servePut(w http.ResponseWriter, r *http.Request, c claim) error {
	if r.ContentLength != c.size {
		return blob.ErrSize
	}
	body := &moving{r: http.MaxBytesReader(w, r.Body, c.size), set: http.NewResponseController(w).SetReadDeadline}
	if err := s.Put(r.Context(), c.key, body, c.size, c.digest); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Store) serveGet(w http.ResponseWriter, r *http.Request, c claim) error {
	body, o, err := s.Get(r.Context(), c.key)
	if err != nil {
		return err
	}
	defer body.Close()
	seeker, ok := body.(io.ReadSeeker)
	if !ok {
		return errors.New("the store's reader can't seek")
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("ETag", `"`+hex.EncodeToString(o.Digest[:])+`"`)
	out := &movingWriter{ResponseWriter: w, set: http.NewResponseController(w).SetWriteDeadline}
	http.ServeContent(out, r, "", time.Time{}, seeker)
	return nil
}

func refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, word := http.StatusInternalServerError, "internal"
	for _, c := range []struct {
		err    error
		status int
		word   string
	}{
		{errSignature, http.StatusForbidden, "refused"},
		{errExpired, http.StatusForbidden, "expired"},
		{blob.ErrKey, http.StatusForbidden, "refused"},
		{blob.ErrNotFound, http.StatusNotFound, "not-found"},
		{blob.ErrDigest, http.StatusUnprocessableEntity, "digest"},
		{blob.ErrSize, http.StatusBadRequest, "size"},
		{blob.ErrTooLarge, http.StatusRequestEntityTooLarge, "too-large"},
		{blob.ErrExists, http.StatusConflict, "exists"},
		{blob.ErrFull, http.StatusInsufficientStorage, "full"},
		{blob.ErrClosed, http.StatusServiceUnavailable, "closed"},
	} {
		if errors.Is(err, c.err) {
			status, word = c.status, c.word
			break
		}
	}
	if status == http.StatusInternalServerError && r.Context().Err() == nil {
		slog.ErrorContext(r.Context(), "blob request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	w.Header().Set(ErrorHeader, word)
	// Whoever has no valid URL learns nothing but that.
	http.Error(w, word, status)
}

// moving gives its sender a new deadline with every read.
type moving struct {
	r   io.Reader
	set func(time.Time) error
}

func (m *moving) Read(p []byte) (int, error) {
	_ = m.set(time.Now().Add(patience)) // a test's recorder has no deadlines
	return m.r.Read(p)
}

type movingWriter struct {
	http.ResponseWriter
	set func(time.Time) error
}

func (m *movingWriter) Write(p []byte) (int, error) {
	_ = m.set(time.Now().Add(patience))
	return m.ResponseWriter.Write(p)
}
