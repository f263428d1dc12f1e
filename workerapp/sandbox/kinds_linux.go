package sandbox

import "github.com/heliostat-render/heliostat/shared/render"

const advice = "install bubblewrap (apt install bubblewrap)"

// kinds are the sandboxes that can be asked for by name.
var kinds = map[string]func() (render.Sandbox, error){
	"bubblewrap": func() (render.Sandbox, error) { return some(DetectBubblewrap()) },
	"landlock":   func() (render.Sandbox, error) { return some(DetectLandlock()) },
}

// some keeps a nil pointer from looking like a sandbox.
func some[S render.Sandbox](s S, err error) (render.Sandbox, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Low makes a sandbox's processes run with low priority, so that the owner's programs come
// first. Without a sandbox nothing changes.
func Low(s render.Sandbox) render.Sandbox {
	switch s := s.(type) {
	case *Bubblewrap:
		low := *s
		low.low = true
		return &low
	case *Landlock:
		low := *s
		low.low = true
		return &low
	}
	return s
}

// Name says in a word what confines.
func Name(s render.Sandbox) string {
	switch s.(type) {
	case *Bubblewrap:
		return "bubblewrap"
	case *Landlock:
		return "landlock"
	}
	return "none"
}
