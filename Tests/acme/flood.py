"""Opens so many connections a second for a while, from one host: silent ones, or such that send a file's bytes. Says what became of them.

    flood.py ADDRESS PER_SECOND SECONDS [FILE]
"""
import errno
import json
import select
import socket
import sys
import time

# Given up by whoever opened it, so that the rate lasts.
HELD_SECONDS = 2


def main(address, rate, seconds, data):
    poll, peers = select.epoll(), {}
    counts = {"opened": 0, "reset": 0, "ended": 0, "answered": 0, "left": 0, "short": 0}
    began = time.monotonic()

    def drop(number):
        poll.unregister(number)
        peers.pop(number)[0].close()

    while (now := time.monotonic() - began) < seconds:
        while counts["opened"] < now * rate:
            counts["opened"] += 1
            while peers and now - next(iter(peers.values()))[1] > HELD_SECONDS:
                counts["left"] += 1
                drop(next(iter(peers)))
            peer = socket.socket()
            peer.setblocking(False)
            if peer.connect_ex((address, 443)) not in (0, errno.EINPROGRESS):
                counts["short"] += 1
                peer.close()
                continue
            peers[peer.fileno()] = peer, now
            poll.register(peer.fileno(), (select.EPOLLOUT if data else 0) | select.EPOLLIN | select.EPOLLRDHUP)
        for number, events in poll.poll(0.001, 512):
            peer, _ = peers[number]
            try:
                if events & select.EPOLLOUT and not events & (select.EPOLLERR | select.EPOLLHUP):
                    peer.send(data)
                    poll.modify(number, select.EPOLLIN | select.EPOLLRDHUP)
                    continue
                piece = peer.recv(65536)
                if piece:
                    counts["answered"] += 1
                    poll.modify(number, select.EPOLLRDHUP)
                else:
                    counts["ended"] += 1
                    drop(number)
            except OSError:
                counts["reset"] += 1
                drop(number)
    counts["left"] += len(peers)
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), open(sys.argv[4], "rb").read() if len(sys.argv) > 4 else b"")
