package wire

import "testing"

func TestTrim(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{{"", 4, ""}, {"abcd", 4, "abcd"}, {"abcde", 4, "abcd"}, {"éé", 4, "éé"}, {"aéé", 4, "aé"}, {"大大", 5, "大"}, {"大", 2, ""}, {"\xa9\xa9\xa9", 2, ""}, {"abc", 0, ""}} {
		if got := Trim(test.text, test.n); got != test.want {
			t.Errorf("Trim(%q, %d) = %q, want %q", test.text, test.n, got, test.want)
		}
	}
}
