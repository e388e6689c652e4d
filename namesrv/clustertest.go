package namesrv

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// productTimeout bounds one question to the product environment.
const productTimeout = 5 * time.Second

// productEnv asks the name servers of another environment, the product
// environment, for topics that are unknown here.
//
// Difference from Java, which starts an admin client in instance
// CLUSTER_TEST_NS_INS_<productEnvName>: the addresses come from
// Options.ProductNamesrvAddrs.
type productEnv struct {
	client *remoting.Client
	addrs  func(ctx context.Context) ([]string, error)
}

// route returns the route of topic in the old dialect. ok is false when the
// first name server that answers does not know topic either.
func (e *productEnv) route(topic string) (body []byte, ok bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), productTimeout)
	defer cancel()
	addrs, err := e.addrs(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("addresses of the product environment: %w", err)
	}
	for _, addr := range addrs {
		resp, invokeErr := e.client.Invoke(ctx, addr, &codec.Command{
			Code: codec.GetRouteInfoByTopic, Language: codec.LanguageJava, Version: codec.CurrentVersion,
			Header: &codec.GetRouteInfoRequestHeader{Topic: topic},
		})
		if invokeErr != nil {
			err = errors.Join(err, invokeErr)
			continue
		}
		return productRoute(resp)
	}
	return nil, false, err
}

func productRoute(resp *codec.Command) (body []byte, ok bool, err error) {
	switch resp.Code {
	case codec.Success:
	case codec.TopicNotExist:
		return nil, false, nil
	default:
		return nil, false, fmt.Errorf("answer %d %s", resp.Code, resp.Remark)
	}
	var route codec.TopicRouteData
	if err := fastjson.Unmarshal(resp.Body, &route); err != nil {
		return nil, false, err
	}
	body, err = fastjson.Marshal(&route)
	return body, err == nil, err
}
