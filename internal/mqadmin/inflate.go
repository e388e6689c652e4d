package mqadmin

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/boostermq/booster/codec"
)

// maxInflated bounds what a small body may swell to.
const maxInflated = 64 << 20

// inflate returns a body as its producer gave it to its client. LZ4, which
// producers of 4.x choose only when told to, is refused.
func inflate(body []byte, sysFlag int32) ([]byte, error) {
	if sysFlag&codec.SysFlagCompressed == 0 {
		return body, nil
	}
	var r io.Reader
	switch kind := sysFlag & codec.CompressionMask; kind {
	case 0, codec.CompressionZlib:
		z, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	case codec.CompressionZstd:
		z, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxInflated))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	default:
		return nil, fmt.Errorf("compression %#x is not supported", kind)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if err == nil && len(text) > maxInflated {
		err = fmt.Errorf("more than %d bytes when inflated", maxInflated)
	}
	return text, err
}
