package broker

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
}

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
	return BoosterConfig{RmqAddressServerDomain: "jmenv.tbsite.net", RmqAddressServerSubGroup: "nsaddr"}
}
