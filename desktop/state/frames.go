package state

import (
	"context"
	"fmt"
)

// Frames fetches what is delivered of a job to where it belongs on this machine, and shows that folder.
func (m *Model) Frames(id string) {
	if !m.ready() {
		return
	}
	select {
	case m.wanted <- id:
	default: // asked twice
	}
}

// fetch brings frames beside the other actions: it may take long.
func (m *Model) fetch(ctx context.Context, source Source) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-m.wanted:
			folder, err := m.fetchOne(ctx, source, id)
			m.setSaving("")
			switch {
			case ctx.Err() != nil:
			case err != nil:
				m.options.Log.Warn("frames can't be fetched", "job", id, "error", err)
				m.tell(Notice{Text: "Fetching the frames failed: " + Problem(err), Bad: true})
			default:
				m.tell(Notice{Text: "The frames are in " + folder + "."})
			}
		}
	}
}

func (m *Model) fetchOne(ctx context.Context, source Source, id string) (string, error) {
	m.setSaving("Fetching the frames")
	detail, err := source.Job(ctx, id)
	if err != nil {
		return "", err
	}
	folder, err := m.options.Fetch(ctx, source, detail, func(done, all int) {
		m.setSaving(fmt.Sprintf("Fetching frame %d of %d", done+1, all))
	})
	if err != nil {
		return "", err
	}
	if err := m.options.Show(folder); err != nil {
		return "", fmt.Errorf("the frames are in %s, and no file manager opens: %w", folder, err)
	}
	return folder, nil
}

func (m *Model) setSaving(text string) {
	m.mu.Lock()
	m.saving = text
	m.mu.Unlock()
	m.touch()
}
