package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// addressServer asks an HTTP server for the list of name servers (Java:
// TopAddressing), with fetchNamesrvAddrByAddressServer=true and no namesrvAddr.
type addressServer struct {
	url  string
	http http.Client
}

const (
	addressServerPeriod   = 2 * time.Minute
	addressServerTimeout  = 3 * time.Second
	maxAddressServerBytes = 64 << 10
)

// newAddressServer asks http://domain:8080/rocketmq/subGroup; a domain with a
// port keeps it.
func newAddressServer(domain, subGroup string) *addressServer {
	if !strings.Contains(domain, ":") {
		domain += ":8080"
	}
	return &addressServer{url: "http://" + domain + "/rocketmq/" + subGroup, http: http.Client{Timeout: addressServerTimeout}}
}

// fetch returns a list that checkNamesrvAddr accepts.
func (s *addressServer) fetch(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return "", err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAddressServerBytes))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return "", err
	}
	list := strings.TrimSpace(string(body))
	switch {
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("address server %s: %s", s.url, resp.Status)
	case list == "":
		return "", fmt.Errorf("address server %s: an empty answer", s.url)
	}
	if err := checkNamesrvAddr(list); err != nil {
		return "", fmt.Errorf("address server %s: %w", s.url, err)
	}
	return list, nil
}

// fetchNameServers takes over what the address server says, and tells whether
// that is another list; what was said before stays when it fails.
func (b *Controller) fetchNameServers(ctx context.Context, s *addressServer) (changed bool) {
	list, err := s.fetch(ctx)
	if b.outer.note(s.url, err); err != nil {
		return false
	}
	if changed = b.outer.UpdateNameServers(splitAddrs(list)); changed {
		b.log.Info("name servers from the address server", "addrs", list, "server", s.url)
	}
	return changed
}

// startAddressServer asks once, awaited, before the broker registers, and then
// every two minutes; it registers with another list at once.
func (b *Controller) startAddressServer(ctx context.Context) error {
	c := b.Config()
	if !c.Broker.FetchNamesrvAddrByAddressServer || c.Broker.NamesrvAddr != "" {
		return nil
	}
	s := newAddressServer(c.Booster.RmqAddressServerDomain, c.Booster.RmqAddressServerSubGroup)
	b.fetchNameServers(ctx, s)
	period := func() time.Duration { return addressServerPeriod }
	b.every(addressServerPeriod, period, func(ctx context.Context) { b.followAddressServer(ctx, s) })
	return nil
}

func (b *Controller) followAddressServer(ctx context.Context, s *addressServer) {
	if b.fetchNameServers(ctx, s) {
		b.onTopicChange()
	}
}
