package web

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

//go:embed assets
var assets embed.FS

// Options is what the page needs.
type Options struct {
	// Look takes one look at the broker; nil = it does not serve now. What it
	// returns is shared: nothing here changes it.
	Look func() *view.Broker
	// Messages reads the store.
	Messages Messages
	// HideMessages is why messages are not shown; "" = they are.
	HideMessages string
	// NotReady is why the broker is not ready; "" = it is.
	NotReady func() string
	Log      *slog.Logger
}

// Messages reads messages; all of it may wait for the disk. What it returns is
// the caller's. While the broker does not serve, nothing is found.
type Messages interface {
	// ByOffsetID finds the message whose offset message id this is.
	ByOffsetID(id string) []codec.Message
	// ByKey finds messages by a key or a client's message id, at most n.
	ByKey(topic, key string, n int) []codec.Message
	// InQueue reads at most n messages from offset on.
	InQueue(topic string, queueID int32, offset int64, n int) []codec.Message
}

// Handler serves the page at / and what it reads below /api/.
func Handler(o Options) http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	mux.Handle("/{$}", http.FileServerFS(files))
	mux.Handle("/app.js", http.FileServerFS(files))
	mux.Handle("/style.css", http.FileServerFS(files))
	h := &api{o}
	for path, f := range map[string]func(v *view.Broker, r *http.Request) (any, error){
		"overview": h.overview, "topics": h.topics, "topic": h.topic, "groups": h.groups, "group": h.group,
		"messages": h.messages, "dlq": h.deadLetters,
	} {
		mux.HandleFunc("/api/"+path, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, f) })
	}
	return mux
}

type api struct{ o Options }

// refusal is an error with its status.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

func badRequest(text string) error { return &refusal{http.StatusBadRequest, text} }
func notFound(text string) error   { return &refusal{http.StatusNotFound, text} }

func (a *api) serve(w http.ResponseWriter, r *http.Request, f func(v *view.Broker, r *http.Request) (any, error)) {
	v := a.o.Look()
	if v == nil {
		a.reply(w, http.StatusServiceUnavailable, errorBody{a.o.NotReady()})
		return
	}
	body, err := f(v, r)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		a.reply(w, refused.status, errorBody{refused.text})
	case err != nil:
		a.reply(w, http.StatusInternalServerError, errorBody{err.Error()})
	default:
		a.reply(w, http.StatusOK, body)
	}
}

type errorBody struct {
	Error string `json:"error"`
}

func (a *api) reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		a.o.Log.Debug("an answer of the page was not read", "err", err)
	}
}

// Sizes of a page of a list.
const (
	defaultPage = 50
	maxPage     = 200
)

// page is a part of a list.
type page[T any] struct {
	Total int `json:"total"` // of the list, after the search
	Page  int `json:"page"`  // from 0
	Size  int `json:"size"`
	Items []T `json:"items"`
}

// cut returns the page of all that r asks for with page and size.
func cut[T any](r *http.Request, all []T) (page[T], error) {
	p := page[T]{Total: len(all), Size: defaultPage}
	for key, field := range map[string]*int{"page": &p.Page, "size": &p.Size} {
		n, err := number(r, key, int64(*field))
		if err != nil {
			return p, err
		}
		*field = int(min(n, 1<<30))
	}
	p.Size = min(max(1, p.Size), maxPage)
	from := min(p.Page*p.Size, len(all))
	p.Items = append(make([]T, 0, p.Size), all[from:min(from+p.Size, len(all))]...)
	return p, nil
}

// number is a parameter that is not negative.
func number(r *http.Request, key string, missing int64) (int64, error) {
	text := r.FormValue(key)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, badRequest(key + " is no number that is 0 or more")
	}
	return n, nil
}
