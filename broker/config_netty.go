package broker

import (
	"fmt"
	"strings"
)

// NettyServerConfig holds the settings of the listening side (Java:
// NettyServerConfig). Keys that size Netty's threads are accepted and printed,
// but the event loops are sized by the number of cores.
type NettyServerConfig struct {
	ListenPort                         int  `prop:"listenPort"`
	ServerWorkerThreads                int  `prop:"serverWorkerThreads"`
	ServerCallbackExecutorThreads      int  `prop:"serverCallbackExecutorThreads"`
	ServerSelectorThreads              int  `prop:"serverSelectorThreads"`
	ServerOnewaySemaphoreValue         int  `prop:"serverOnewaySemaphoreValue"`
	ServerAsyncSemaphoreValue          int  `prop:"serverAsyncSemaphoreValue"`
	ServerChannelMaxIdleTimeSeconds    int  `prop:"serverChannelMaxIdleTimeSeconds"`
	ServerSocketSndBufSize             int  `prop:"serverSocketSndBufSize"`
	ServerSocketRcvBufSize             int  `prop:"serverSocketRcvBufSize"`
	WriteBufferHighWaterMark           int  `prop:"writeBufferHighWaterMark"`
	WriteBufferLowWaterMark            int  `prop:"writeBufferLowWaterMark"`
	ServerSocketBacklog                int  `prop:"serverSocketBacklog"`
	ServerPooledByteBufAllocatorEnable bool `prop:"serverPooledByteBufAllocatorEnable"`
	UseEpollNativeSelector             bool `prop:"useEpollNativeSelector"`
}

// NettyClientConfig holds the settings of outgoing connections (Java:
// NettyClientConfig).
type NettyClientConfig struct {
	ClientWorkerThreads                int   `prop:"clientWorkerThreads"`
	ClientCallbackExecutorThreads      int   `prop:"clientCallbackExecutorThreads"`
	ClientOnewaySemaphoreValue         int   `prop:"clientOnewaySemaphoreValue"`
	ClientAsyncSemaphoreValue          int   `prop:"clientAsyncSemaphoreValue"`
	ConnectTimeoutMillis               int   `prop:"connectTimeoutMillis"`
	ChannelNotActiveInterval           int64 `prop:"channelNotActiveInterval"`
	ClientChannelMaxIdleTimeSeconds    int   `prop:"clientChannelMaxIdleTimeSeconds"`
	ClientSocketSndBufSize             int   `prop:"clientSocketSndBufSize"`
	ClientSocketRcvBufSize             int   `prop:"clientSocketRcvBufSize"`
	ClientPooledByteBufAllocatorEnable bool  `prop:"clientPooledByteBufAllocatorEnable"`
	ClientCloseSocketIfTimeout         bool  `prop:"clientCloseSocketIfTimeout"`
	UseTLS                             bool  `prop:"useTLS"`
	WriteBufferHighWaterMark           int   `prop:"writeBufferHighWaterMark"`
	WriteBufferLowWaterMark            int   `prop:"writeBufferLowWaterMark"`
}

// BoosterConfig holds the settings that RocketMQ does not have.
type BoosterConfig struct {
	// BindAddress is the address the listeners bind; "" = all interfaces, as Java does.
	BindAddress string `prop:"bindAddress"`
	// ACLLaxAs498 checks of the requests only what 4.9.8 checks; see broker/acl.
	ACLLaxAs498 bool `prop:"aclLaxAs498"`
	// ACLIgnoreWhiteAddresses asks for a signature from white-listed addresses too.
	ACLIgnoreWhiteAddresses bool `prop:"aclIgnoreWhiteAddresses"`
	// RmqAddressServerDomain and RmqAddressServerSubGroup are keys of Java's
	// BrokerStartup, outside its config classes: the address server asked with
	// fetchNamesrvAddrByAddressServer=true.
	RmqAddressServerDomain   string `prop:"rmqAddressServerDomain"`
	RmqAddressServerSubGroup string `prop:"rmqAddressServerSubGroup"`

	// The port of /metrics, /healthz, /readyz and the page. The first four keys
	// and the values of the first are those of RocketMQ 5.x, where DISABLE is the
	// default and an empty host means brokerIP1; here it means loopback.
	MetricsExporterType         MetricsExporterType `prop:"metricsExporterType"`
	MetricsPromExporterHost     string              `prop:"metricsPromExporterHost"` // 0.0.0.0 = everybody may look
	MetricsPromExporterPort     int                 `prop:"metricsPromExporterPort"` // 0 = a free one, -1 = none: nothing of this is served
	MetricsOtelCardinalityLimit int                 `prop:"metricsOtelCardinalityLimit"`
	// MetricsLabel are more labels for every metric: name:value,name:value.
	MetricsLabel string `prop:"metricsLabel"`
	// MetricsExporterNames and MetricsNativeNames serve the names of
	// rocketmq-exporter and those of RocketMQ 5.x.
	MetricsExporterNames bool `prop:"metricsExporterNames"`
	MetricsNativeNames   bool `prop:"metricsNativeNames"`
	// MetricsIdleGroupMinutes after which a group that is offline and stands still
	// is in no metric any more; 0 = it stays until its offsets are deleted.
	MetricsIdleGroupMinutes int `prop:"metricsIdleGroupMinutes"`
	// MetricsClientPollSeconds between rounds in which consumers are asked (307) for
	// the rocketmq_client_ metrics; 0 = they are not asked.
	MetricsClientPollSeconds int `prop:"metricsClientPollSeconds"`
	// ReadyDispatchBehindBytes is how far queues and index may be behind the log
	// while /readyz says yes; 0 = any.
	ReadyDispatchBehindBytes int64 `prop:"readyDispatchBehindBytes"`
	// WebEnable serves the page. It asks nobody who he is, so with aclEnable it
	// shows messages only with WebMessagesWithACL.
	WebEnable          bool `prop:"webEnable"`
	WebMessagesWithACL bool `prop:"webMessagesWithAcl"`
	// PprofEnable serves the profiles of Go's runtime below /debug/pprof/.
	PprofEnable bool `prop:"pprofEnable"`
}

// MetricsExporterType is RocketMQ 5.x's: where metrics go.
type MetricsExporterType string

// What /metrics can be: served, or not. OTLP_GRPC and LOG of 5.x are not supported.
const (
	MetricsProm    MetricsExporterType = "PROM"
	MetricsDisable MetricsExporterType = "DISABLE"
)

// UnmarshalText takes the values that are supported.
func (t *MetricsExporterType) UnmarshalText(text []byte) error {
	switch v := MetricsExporterType(strings.ToUpper(string(text))); v {
	case MetricsProm, MetricsDisable:
		*t = v
		return nil
	}
	return fmt.Errorf("%.50q is not supported: want PROM or DISABLE", text)
}

// MarshalText implements encoding.TextMarshaler.
func (t MetricsExporterType) MarshalText() ([]byte, error) { return []byte(t), nil }

// DefaultNettyServerConfig returns the defaults of 4.9.8 for a broker.
func DefaultNettyServerConfig() NettyServerConfig {
	return NettyServerConfig{
		ListenPort: 10911, ServerWorkerThreads: 8, ServerSelectorThreads: 3, ServerOnewaySemaphoreValue: 256,
		ServerAsyncSemaphoreValue: 64, ServerChannelMaxIdleTimeSeconds: 120, ServerSocketBacklog: 1024,
		ServerPooledByteBufAllocatorEnable: true,
	}
}

// DefaultNettyClientConfig returns the defaults of 4.9.8 for a machine of that many cores.
func DefaultNettyClientConfig(cores int) NettyClientConfig {
	return NettyClientConfig{
		ClientWorkerThreads: 4, ClientCallbackExecutorThreads: cores, ClientOnewaySemaphoreValue: 65535,
		ClientAsyncSemaphoreValue: 65535, ConnectTimeoutMillis: 3000, ChannelNotActiveInterval: 60000,
		ClientChannelMaxIdleTimeSeconds: 120, ClientCloseSocketIfTimeout: true,
	}
}

func defaultBoosterConfig() BoosterConfig {
	return BoosterConfig{
		RmqAddressServerDomain: "jmenv.tbsite.net", RmqAddressServerSubGroup: "nsaddr",
		MetricsExporterType: MetricsProm, MetricsPromExporterHost: "127.0.0.1", MetricsPromExporterPort: 5557,
		MetricsOtelCardinalityLimit: 50000, MetricsExporterNames: true, MetricsNativeNames: true, MetricsIdleGroupMinutes: 24 * 60,
		MetricsClientPollSeconds: 60, ReadyDispatchBehindBytes: 64 << 20, WebEnable: true,
	}
}
