package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// openCheckpoint checks the log's signature; cosignatures of unknown witnesses are passed over.
func openCheckpoint(signed []byte, keys ...note.Verifier) (torchwood.Checkpoint, *note.Note, error) {
	n, err := note.Open(signed, note.VerifierList(keys...))
	if err != nil {
		return torchwood.Checkpoint{}, nil, fmt.Errorf("checkpoint: %w", err)
	}
	if len(n.Sigs) < len(keys) {
		return torchwood.Checkpoint{}, nil, fmt.Errorf("checkpoint: %d of %d signatures", len(n.Sigs), len(keys))
	}
	for _, sig := range append(n.Sigs, n.UnverifiedSigs...) {
		// sumdb/note takes base64 whose trailing bits are set; signed-note does not.
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return torchwood.Checkpoint{}, nil, fmt.Errorf("checkpoint: signature of %s: %w", sig.Name, err)
		}
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err != nil {
		return c, nil, fmt.Errorf("checkpoint: %w", err)
	}
	if c.Origin != keys[0].Name() {
		return c, nil, fmt.Errorf("checkpoint: origin %q, key of %q", c.Origin, keys[0].Name())
	}
	return c, n, nil
}

// verifyLog reads the whole log at a place and checks it with sumdb/tlog and, apart from that, with Tessera.
func verifyLog(ctx context.Context, place, vkey string, old []byte) (string, error) {
	key, err := verifier(vkey)
	if err != nil {
		return "", err
	}
	src, err := open(place)
	if err != nil {
		return "", err
	}
	signed, err := src.ReadCheckpoint(ctx)
	if err != nil {
		return "", err
	}
	now, _, err := openCheckpoint(signed, key)
	if err != nil {
		return "", err
	}
	if err := verifyTree(ctx, src, now); err != nil {
		return "", err
	}
	told := ""
	if old != nil {
		before, _, err := openCheckpoint(old, key)
		if err != nil {
			return "", err
		}
		if err := verifyGrowth(ctx, src, before, now); err != nil {
			return "", err
		}
		if served(place) {
			if err := verifyOldTiles(ctx, src, before); err != nil {
				return "", err
			}
		}
		told = fmt.Sprintf(", grown from %d", before.N)
	}
	if err := runFsck(ctx, src, key); err != nil {
		return "", err
	}
	return fmt.Sprintf("log %s, %d entries, root %s%s", now.Origin, now.N, now.Hash, told), nil
}

// verifyTree proves each entry of the bundles to be in the tree, and the leaves to be one chain.
func verifyTree(ctx context.Context, src source, now torchwood.Checkpoint) error {
	reader := tlog.TileHashReader(now.Tree, tiles{ctx, src})
	root, err := tlog.TreeHash(now.N, reader)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	if root != now.Hash {
		return errors.New("tiles: they lead to another root")
	}
	// Proofs by Tessera's client for some entries; by sumdb/tlog for each.
	builder, err := client.NewProofBuilder(ctx, uint64(now.N), src.ReadTile)
	if err != nil {
		return fmt.Errorf("tessera: %w", err)
	}
	var before *outerLeaf
	for first := int64(0); first < now.N; first += 256 {
		found, err := bundleAt(ctx, src, first, now.N)
		if err != nil {
			return err
		}
		for i, entry := range found {
			n := first + int64(i)
			if err := proveEntry(reader, now, n, entry); err != nil {
				return fmt.Errorf("entry %d: %w", n, err)
			}
			if i == 0 || n == now.N-1 {
				if err := tesseraProof(ctx, builder, now, n, entry); err != nil {
					return fmt.Errorf("entry %d: tessera: %w", n, err)
				}
			}
			leaf, err := parseLeaf(entry)
			if err != nil {
				return fmt.Errorf("entry %d: %w", n, err)
			}
			if err := leaf.follows(before); err != nil {
				return fmt.Errorf("entry %d: %w", n, err)
			}
			before = leaf
		}
	}
	return nil
}

func bundleAt(ctx context.Context, src source, first, size int64) ([][]byte, error) {
	width := min(256, size-first)
	bundle, err := src.ReadEntryBundle(ctx, uint64(first/256), uint8(width))
	if err != nil {
		return nil, err
	}
	found, err := entries(bundle)
	if err != nil {
		return nil, fmt.Errorf("bundle %d: %w", first/256, err)
	}
	if int64(len(found)) != width && len(found) != 256 {
		return nil, fmt.Errorf("bundle %d: %d entries, expected %d", first/256, len(found), width)
	}
	return found[:width], nil
}

func proveEntry(reader tlog.HashReader, now torchwood.Checkpoint, n int64, entry []byte) error {
	path, err := tlog.ProveRecord(now.N, n, reader)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, now.N, now.Hash, n, tlog.RecordHash(entry))
}

func tesseraProof(ctx context.Context, b *client.ProofBuilder, now torchwood.Checkpoint, n int64, entry []byte) error {
	path, err := b.InclusionProof(ctx, uint64(n))
	if err != nil {
		return err
	}
	hasher := rfc6962.DefaultHasher
	return proof.VerifyInclusion(hasher, uint64(n), uint64(now.N), hasher.HashLeaf(entry), path, now.Hash[:])
}

// verifyGrowth proves that the tree of an older checkpoint is the beginning of the present one.
func verifyGrowth(ctx context.Context, src source, before, now torchwood.Checkpoint) error {
	if before.N > now.N {
		return fmt.Errorf("the log has shrunk from %d to %d", before.N, now.N)
	}
	if before.N == 0 {
		return nil
	}
	path, err := tlog.ProveTree(now.N, before.N, tlog.TileHashReader(now.Tree, tiles{ctx, src}))
	if err != nil {
		return fmt.Errorf("growth: %w", err)
	}
	if err := tlog.CheckTree(path, now.N, now.Hash, before.N, before.Hash); err != nil {
		return fmt.Errorf("growth: %w", err)
	}
	builder, err := client.NewProofBuilder(ctx, uint64(now.N), src.ReadTile)
	if err != nil {
		return fmt.Errorf("tessera: %w", err)
	}
	hashes, err := builder.ConsistencyProof(ctx, uint64(before.N), uint64(now.N))
	if err != nil {
		return fmt.Errorf("tessera: %w", err)
	}
	err = proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(before.N), uint64(now.N), hashes, before.Hash[:], now.Hash[:])
	if err != nil {
		return fmt.Errorf("tessera: %w", err)
	}
	return nil
}

// verifyOldTiles asks that a reader of the older checkpoint still finds its tree: tlog-tiles lets a log
// drop a partial tile only once the full one is there. A copy of the log needs only its own tiles.
func verifyOldTiles(ctx context.Context, src source, before torchwood.Checkpoint) error {
	root, err := tlog.TreeHash(before.N, tlog.TileHashReader(before.Tree, tiles{ctx, src}))
	if err != nil {
		return fmt.Errorf("tiles of the older tree: %w", err)
	}
	if root != before.Hash {
		return errors.New("tiles of the older tree: they lead to another root")
	}
	return nil
}

// runFsck derives every tile from the bundles and compares. Tessera's fsck indexes into what its
// bundle hasher returns without a look at its length, so a short bundle is a panic there.
func runFsck(ctx context.Context, src source, key note.Verifier) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fsck: %v", p)
		}
	}()
	if err := fsck.New(key.Name(), key, src, leafHashes, fsck.Opts{N: 2}).Check(ctx); err != nil {
		return fmt.Errorf("fsck: %w", err)
	}
	return nil
}

func leafHashes(bundle []byte) ([][]byte, error) {
	b := &api.EntryBundle{}
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(b.Entries))
	for _, entry := range b.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
