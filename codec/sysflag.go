package codec

// Bits of Message.SysFlag (Java: MessageSysFlag; spec: message-format.md §3).
const (
	SysFlagCompressed  int32 = 0x1
	SysFlagMultiTags   int32 = 0x2
	SysFlagBornHostV6  int32 = 0x10 // the broker's: the born host takes 16 + 4 bytes
	SysFlagStoreHostV6 int32 = 0x20 // the broker's: the store host takes 16 + 4 bytes
	SysFlagNeedUnwrap  int32 = 0x40 // never interpreted by 4.x
	SysFlagInnerBatch  int32 = 0x80 // never interpreted by 4.x
)

// Values of the transaction bits of SysFlag.
const (
	TransactionNotType      int32 = 0x0
	TransactionPreparedType int32 = 0x4 // half message
	TransactionCommitType   int32 = 0x8
	TransactionRollbackType int32 = 0xC

	transactionMask int32 = 0xC
)

// Values of the compression bits of SysFlag; 0 means zlib too.
const (
	CompressionLZ4  int32 = 0x100
	CompressionZstd int32 = 0x200
	CompressionZlib int32 = 0x300

	// CompressionMask selects the compression bits.
	CompressionMask int32 = 0x700
)

// TransactionType returns the transaction bits of sysFlag.
func TransactionType(sysFlag int32) int32 { return sysFlag & transactionMask }

// WithTransactionType returns sysFlag with its transaction bits replaced by typ.
func WithTransactionType(sysFlag, typ int32) int32 { return sysFlag&^transactionMask | typ }

// Bits of PullMessageRequestHeader.SysFlag (Java: PullSysFlag).
const (
	PullFlagCommitOffset int32 = 0x1 // CommitOffset is to be stored
	PullFlagSuspend      int32 = 0x2 // wait for messages when there are none
	PullFlagSubscription int32 = 0x4 // Subscription and ExpressionType are set
	PullFlagClassFilter  int32 = 0x8
	PullFlagLitePull     int32 = 0x10
)

// Bits of TopicConfig.TopicSysFlag (Java: TopicSysFlag).
const (
	TopicFlagUnit    int32 = 0x1
	TopicFlagUnitSub int32 = 0x2
)

// SubscriptionFlagUnit is the bit of a subscription group's sys flag (Java: SubscriptionSysFlag).
const SubscriptionFlagUnit int32 = 0x1
