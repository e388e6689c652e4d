package mqadmin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// DefaultTimeout of one call (Java: DefaultMQAdminExt.timeoutMillis).
const DefaultTimeout = 5 * time.Second

// Config says whom an Admin talks to. Zero values stand for the defaults in brackets.
type Config struct {
	NameServers []string      // host:port
	Timeout     time.Duration // of one call [DefaultTimeout]
	Credentials *Credentials  // sign requests [no]
	TLS         *remoting.TLSConfig
	Dial        func(ctx context.Context, addr string) (net.Conn, error) // [TCP]
}

// Admin makes the calls. It is safe for concurrent use.
type Admin struct {
	config Config
	client *remoting.Client
	keys   *uniqKeys
}

// New returns an Admin without connections; Close ends it.
func New(config Config) *Admin {
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	return &Admin{config: config, keys: newUniqKeys(), client: remoting.NewClient(remoting.ClientConfig{
		Name: "mqadmin", Dial: config.Dial, TLS: config.TLS, UseTLS: config.TLS != nil && config.TLS.Enable,
	})}
}

// Close closes the connections.
func (a *Admin) Close() { a.client.Close() }

// NameServers returns the addresses host:port it was configured with.
func (a *Admin) NameServers() []string { return a.config.NameServers }

// ParseNameServers splits host:port;host:port. Empty pieces do not count.
func ParseNameServers(text string) ([]string, error) {
	var addrs []string
	for _, addr := range strings.Split(text, ";") {
		if addr = strings.TrimSpace(addr); addr == "" {
			continue
		}
		if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
			return nil, fmt.Errorf("name server address %q is not host:port", addr)
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

// ErrNoNameServer is returned by every call that needs one and has none.
var ErrNoNameServer = errors.New("no name server is configured: give -n host:port or set NAMESRV_ADDR")

// ResponseError is an answer other than Success (Java: MQClientException, MQBrokerException).
type ResponseError struct {
	Code   int32
	Remark string
	Addr   string // who answered, "" when none of those asked knew
}

// Error is one line, in Java's form: what scripts look for is CODE and DESC.
func (e *ResponseError) Error() string {
	remark, _, _ := strings.Cut(e.Remark, "\n")
	text := fmt.Sprintf("CODE: %d  DESC: %s", e.Code, strings.TrimRight(remark, ". "))
	if e.Addr != "" {
		text += ", answered " + e.Addr
	}
	return text
}

// HasCode tells whether err is an answer with that response code.
func HasCode(err error, code int32) bool {
	var e *ResponseError
	return errors.As(err, &e) && e.Code == code
}

// invoke makes one call to one address. header and body may be nil.
func (a *Admin) invoke(ctx context.Context, addr string, code int32, header codec.CustomHeader, body []byte) (*codec.Command, error) {
	return a.invokeWithin(ctx, a.config.Timeout, addr, &codec.Command{Code: code, Header: header, Body: body})
}

// invokeWithin is invoke with a time-out of its own.
func (a *Admin) invokeWithin(ctx context.Context, timeout time.Duration, addr string, cmd *codec.Command) (*codec.Command, error) {
	resp, err := a.exchange(ctx, timeout, addr, cmd)
	if err == nil && resp.Code != codec.Success {
		return nil, &ResponseError{Code: resp.Code, Remark: resp.Remark, Addr: addr}
	}
	return resp, err
}

// exchange signs and sends a request and returns the answer, whatever its code.
func (a *Admin) exchange(ctx context.Context, timeout time.Duration, addr string, cmd *codec.Command) (*codec.Command, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd.Language = cmp.Or(cmd.Language, codec.LanguageGo)
	if a.config.Credentials != nil {
		a.config.Credentials.sign(cmd)
	}
	return a.client.Invoke(ctx, addr, cmd)
}

// get makes a call whose answer is a body of type T.
func get[T any](ctx context.Context, a *Admin, addr string, code int32, header codec.CustomHeader) (T, error) {
	resp, err := a.invoke(ctx, addr, code, header, nil)
	if err != nil {
		var none T
		return none, err
	}
	return decode[T](resp, addr)
}

// decode reads the body of an answer; no body is the zero T.
func decode[T any](resp *codec.Command, addr string) (T, error) {
	var v T
	if len(resp.Body) == 0 {
		return v, nil
	}
	if err := fastjson.Unmarshal(resp.Body, &v); err != nil {
		return v, fmt.Errorf("answer of %s: %w", addr, err)
	}
	return v, nil
}
