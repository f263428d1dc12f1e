package service

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// Logger logs to w in the format that --log names. What lets its holder in never gets into a line:
// of URLs the password and the query are left out, since signatures and tokens travel there.
func Logger(w io.Writer, format string, level slog.Leveler) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: scrub}
	switch format {
	case "", "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--log %s is not known: use json or text", format)
}

func scrub(_ []string, a slog.Attr) slog.Attr {
	text := ""
	switch a.Value.Kind() {
	case slog.KindString:
		text = a.Value.String()
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case error:
			text = v.Error()
		case *url.URL:
			if v != nil {
				text = v.String()
			}
		}
	}
	if clean := Scrub(text); clean != text {
		a.Value = slog.StringValue(clean)
	}
	return a
}

var (
	password = regexp.MustCompile(`://[^/\s"'@]*@`)
	query    = regexp.MustCompile(`(://[^\s"'?]*\?)[^\s"']+`)
	secret   = regexp.MustCompile(`(?i)\b(X-Amz-(?:Signature|Credential|Security-Token)|password|token|secret)=[^\s"'&]+`)
)

// Scrub leaves out of a text what in a URL lets its holder in.
func Scrub(text string) string {
	if strings.Contains(text, "://") {
		text = query.ReplaceAllString(password.ReplaceAllString(text, "://…@"), "$1…")
	}
	if strings.Contains(text, "=") {
		text = secret.ReplaceAllString(text, "$1=…")
	}
	return text
}
