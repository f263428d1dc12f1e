package service_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/service"
)

func TestLogsKeepSecrets(t *testing.T) {
	const sesame = "c0ffee5e5a3e"
	signed := &url.URL{Scheme: "https", Host: "s3.example.com", Path: "/frames/jobs/j1/0001.png", RawQuery: "X-Amz-Signature=" + sesame + "&e=1"}
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log, err := service.Logger(&out, format, slog.LevelInfo)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("fetch", "url", signed.String(), "typed", signed, "err", &url.Error{Op: "Get", URL: signed.String(), Err: errors.New("refused")})
		log.Info("blob", "err", errors.New(`Put "http://127.0.0.1:7777/blob/jobs/j1/f?e=9&s=`+sesame+`": EOF`))
		log.Info("database", "err", errors.New("dial postgres://heliostat:"+sesame+"@db1/heliostat?sslmode=off"), "dsn", "host=db1 password="+sesame+" user=heliostat")
		log.With("url", signed.String()).Info("kept for all lines")
		text := out.String()
		if strings.Contains(text, sesame) {
			t.Errorf("%s lets it out:\n%s", format, text)
		}
		for _, want := range []string{"s3.example.com/frames/jobs/j1/0001.png", "/blob/jobs/j1/f", "db1/heliostat", "refused", "user=heliostat"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s leaves out %q:\n%s", format, want, text)
			}
		}
	}
	if _, err := service.Logger(nil, "xml", slog.LevelInfo); err == nil {
		t.Error("xml is taken")
	}
}

// FuzzScrub: no signature of a URL survives, whatever stands around it, and nothing is scrubbed twice.
func FuzzScrub(f *testing.F) {
	f.Add("Get ", ": EOF", "https://s3.example.com/frames/f")
	f.Add(`Put "`, `": timeout`, "http://127.0.0.1:7777/blob/x")
	f.Add("a=b://?", "token=", "postgres://a:b@c/d")
	f.Fuzz(func(t *testing.T, before, after, base string) {
		if strings.ContainsAny(base, " \t\r\n\v\f\"'?@") || !strings.Contains(base, "://") {
			return
		}
		text := before + " " + base + "?X-Amz-Signature=c0ffee5e5a3e&s=c0ffee5e5a3e" + " " + after
		if strings.Contains(before+base+after, "c0ffee5e5a3e") {
			return
		}
		clean := service.Scrub(text)
		if strings.Contains(clean, "c0ffee5e5a3e") {
			t.Errorf("%q becomes %q", text, clean)
		}
		if again := service.Scrub(clean); again != clean {
			t.Errorf("%q, scrubbed again, becomes %q", clean, again)
		}
	})
}
