package link

import (
	"fmt"
	"net/url"
	"strings"
)

const (
	maxAddresses = 16
	maxAddress   = 512 // bytes
)

// address is where one manager serves.
type address struct {
	text string   // as it was given
	base *url.URL // see BaseURLs
}

// addresses reads where the managers of a network serve: one address or several with commas between. The error names
// the one that can't be used.
func addresses(managers string) ([]address, error) {
	texts := strings.Split(managers, ",")
	if len(texts) > maxAddresses {
		return nil, fmt.Errorf("%d manager addresses are too many: at most %d can be given", len(texts), maxAddresses)
	}
	list := make([]address, 0, len(texts))
	seen := make(map[string]string)
	for i, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" && len(texts) > 1 {
			return nil, fmt.Errorf("address %d of %q is empty: write the managers' addresses with one comma between each two", i+1, truncate(managers, maxAddress))
		}
		base, err := baseURL(text)
		if err != nil {
			return nil, err
		}
		host := strings.ToLower(base.Host)
		if other, twice := seen[host]; twice {
			return nil, fmt.Errorf("the manager's address %q leads to the same place as %q: name it once", text, other)
		}
		seen[host] = text
		list = append(list, address{text: text, base: base})
	}
	return list, nil
}

// BaseURLs are the HTTP addresses that relative URLs of a network's managers are resolved against: of one manager, or of
// several that are written with commas between. Each one's fragment is its pin, where the address has one.
func BaseURLs(managers string) ([]*url.URL, error) {
	list, err := addresses(managers)
	if err != nil {
		return nil, err
	}
	bases := make([]*url.URL, len(list))
	for i, a := range list {
		bases[i] = a.base
	}
	return bases, nil
}

func baseURL(manager string) (*url.URL, error) {
	if len(manager) > maxAddress {
		return nil, fmt.Errorf("the manager's address %q… is too long", truncate(manager, 80))
	}
	u, err := url.Parse(manager)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return nil, fmt.Errorf("the manager's address %q can't be read: write it like http://127.0.0.1:7777", manager)
	}
	switch u.Scheme {
	case "http", "ws":
		u.Scheme = "http"
	case "https", "wss":
		u.Scheme = "https"
	default:
		return nil, fmt.Errorf("the manager's address %q can't be used: %s isn't spoken; use http:// or https://", manager, u.Scheme)
	}
	if u.Fragment != "" {
		if err := checkPin(u.Fragment); err != nil {
			return nil, fmt.Errorf("the manager's address %q: %w", manager, err)
		}
		if u.Scheme != "https" {
			return nil, fmt.Errorf("the manager's address %q has a pin but no TLS: write it with https", manager)
		}
	}
	u.Path, u.RawQuery = strings.TrimSuffix(u.Path, "/"), ""
	return u, nil
}

// socket is where the manager's websocket is, and its pin.
func (a address) socket() (at, pin string) {
	u := *a.base
	pin, u.Fragment = u.Fragment, ""
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	u.Path += Path
	return u.String(), pin
}
