"""Measurements that anyone can run again: each number stands beside a peer's or a ceiling's from the same minute."""
