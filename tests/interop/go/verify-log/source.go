package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/tlog"
)

// source is where the public bytes of a log come from: Tessera's own fetchers over HTTP or a folder.
type source interface {
	ReadCheckpoint(ctx context.Context) ([]byte, error)
	ReadTile(ctx context.Context, l, i uint64, p uint8) ([]byte, error)
	ReadEntryBundle(ctx context.Context, i uint64, p uint8) ([]byte, error)
}

// served says whether a place is a log that is being served, rather than a copy of one in a folder.
func served(place string) bool {
	return strings.HasPrefix(place, "http://") || strings.HasPrefix(place, "https://")
}

func open(place string) (source, error) {
	if served(place) {
		u, err := url.Parse(place)
		if err != nil {
			return nil, err
		}
		return client.NewHTTPFetcher(u, &http.Client{Timeout: 30 * time.Second})
	}
	info, err := os.Stat(place)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", place)
	}
	return &client.FileFetcher{Root: place}, nil
}

// tiles lets sumdb/tlog read the tiles of a tlog-tiles log: their height is always 8.
type tiles struct {
	ctx context.Context
	src source
}

func (r tiles) Height() int { return 8 }

func (r tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, t := range wanted {
		// A width of 256 is a full tile, which tlog-tiles names without its width: uint8 0.
		found, err := r.src.ReadTile(r.ctx, uint64(t.L), uint64(t.N), uint8(t.W))
		if err != nil {
			return nil, err
		}
		// The fetcher falls back to the full tile where a partial one has been removed.
		if len(found) != t.W*tlog.HashSize && len(found) != 256*tlog.HashSize {
			return nil, fmt.Errorf("tile %d/%d: %d bytes, expected %d", t.L, t.N, len(found), t.W*tlog.HashSize)
		}
		data[i] = found[:t.W*tlog.HashSize]
	}
	return data, nil
}

func (r tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entries cuts a bundle of big-endian 16-bit lengths and bytes.
func entries(bundle []byte) ([][]byte, error) {
	var out [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return nil, errors.New("a length is cut off")
		}
		n := int(bundle[0])<<8 | int(bundle[1])
		if len(bundle) < 2+n {
			return nil, errors.New("an entry is cut off")
		}
		out = append(out, bundle[2:2+n])
		bundle = bundle[2+n:]
	}
	return out, nil
}
