package link_test

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// relay is a manager that carries its nodes' sign-in on to another one, to act there in their names.
type relay struct {
	to    string
	first func(*wire.Challenge) // what it changes of the challenge; nil for nothing
}

func (r relay) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	node, err := (&websocket.Upgrader{}).Upgrade(w, request, nil)
	if err != nil {
		return
	}
	defer node.Close()
	manager, _, err := (&websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}).DialContext(request.Context(), r.to, nil)
	if err != nil {
		return
	}
	defer manager.Close()
	for from, to := manager, node; ; from, to = to, from { // challenge, hello, welcome
		var e wire.Envelope
		if from.ReadJSON(&e) != nil {
			return
		}
		if e.Type == wire.TypeChallenge && r.first != nil {
			var c wire.Challenge
			if (link.Message{Body: e.Body}).Decode(&c) != nil {
				return
			}
			r.first(&c)
			if to.WriteJSON(map[string]any{"v": wire.Version, "type": e.Type, "body": c}) != nil {
				return
			}
			continue
		}
		if to.WriteJSON(e) != nil {
			return
		}
	}
}

func TestASignInIsGoodForOneConnection(t *testing.T) {
	id := newIdentity(t)
	signed := make(chan string, 8)
	honest := httptest.NewTLSServer(link.NewServer(link.ServerOptions{
		Domain: "test.example",
		Welcome: func(p link.Peer) (wire.Welcome, error) {
			signed <- p.Address
			return wire.Welcome{Manager: id.Address(), SealKey: hex.EncodeToString(id.SealKey())}, nil
		},
		Handler: func(context.Context, *link.Session, link.Message) (wire.Type, any, error) { return "", nil, nil },
	}))
	defer honest.Close()
	to := "wss" + strings.TrimPrefix(honest.URL, "https") + link.Path
	try := func(r relay, secure bool) error {
		start := httptest.NewServer
		if secure {
			start = httptest.NewTLSServer
		}
		evil := start(r)
		defer evil.Close()
		url := evil.URL
		if secure {
			var err error
			if url, err = link.WithPin(evil.URL, link.Pin(evil.Certificate())); err != nil {
				t.Fatal(err)
			}
		}
		c := connect(t, url, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := c.Wait(ctx)
		c.Close()
		return err
	}
	for _, secure := range []bool{true, false} {
		var refused *wire.Error
		if err := try(relay{to: to}, secure); !errors.As(err, &refused) || refused.Code != wire.CodeUnauthorised {
			t.Errorf("carried on over TLS %v: %v", secure, err)
		}
	}
	select {
	case address := <-signed:
		t.Errorf("a manager signed in as %s at another one", address)
	default:
	}
}

// A challenge is signed with the key that holds the node's money: nothing else may be passed off as one.
func TestOnlyAChallengeIsSigned(t *testing.T) {
	m := startManager(t, nil)
	for name, change := range map[string]func(*wire.Challenge){
		"another text before it": func(c *wire.Challenge) { c.Domain = "bank.example wants all of it.\n\n" + c.Domain },
		"another text inside":    func(c *wire.Challenge) { c.Expires += "\nResources:\n- bank:everything" },
		"no nonce":               func(c *wire.Challenge) { c.Nonce = "" },
		"no time":                func(c *wire.Challenge) { c.Issued = "now" },
		"another address":        func(c *wire.Challenge) { c.URI += "\nVersion: 2" },
	} {
		t.Run(name, func(t *testing.T) {
			evil := httptest.NewServer(relay{to: "ws" + strings.TrimPrefix(m.url, "http") + link.Path, first: change})
			defer evil.Close()
			c := connect(t, evil.URL, nil)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if _, err := c.Wait(ctx); err == nil || !strings.Contains(err.Error(), "can't be signed") {
				t.Errorf("it was signed: %v", err)
			}
			c.Close()
		})
	}
}
