"""Corrupted memory and data: sanitizers, the page and slab allocators, and objects that check themselves."""

from __future__ import annotations

from harness.diagnosis.rule import oops, warning

RULES = (
    oops(
        "kasan",
        "BUG: KASAN",
        r"BUG: KASAN: (?P<kind>[a-z][a-z -]{2,40}?)(?: in | on |$)(?P<function>[\w.$]{0,120})",
        "KASAN: {kind}[ {access}][ in {function}]",
        "[    5.1] BUG: KASAN: slab-out-of-bounds in sample_fill+0x5c/0x90\n[    5.1] Write of size 4 at addr ffff8880",
    ),
    oops(
        "kasan-null",
        "KASAN: null-ptr-deref|KASAN: maybe wild|KASAN: probably",
        r"^KASAN: (?P<kind>null-ptr-deref|maybe wild-memory-access|probably (?:user|wild)-memory-access) in range",
        "KASAN: {kind}[ in {function}]",
        "[    5.1] KASAN: null-ptr-deref in range [0x0000000000000018-0x000000000000001f]",
    ),
    oops(
        "kmsan",
        "BUG: KMSAN",
        r"BUG: KMSAN: (?P<kind>[a-z][a-z -]{2,40}?)(?: in |$)(?P<function>[\w.$]{0,120})",
        "KMSAN: {kind}[ in {function}]",
        "[    5.1] BUG: KMSAN: uninit-value in sample_hash+0x111/0x222",
    ),
    oops(
        "kfence",
        "BUG: KFENCE",
        r"BUG: KFENCE: (?P<kind>[a-z][a-z -]{2,40}?)(?: in |$)(?P<function>[\w.$]{0,120})",
        "KFENCE: {kind}[ in {function}]",
        "[    5.1] BUG: KFENCE: use-after-free read in sample_read+0x10/0x20",
    ),
    warning(
        "kcsan",
        "BUG: KCSAN",
        r"BUG: KCSAN: (?P<kind>[a-z][a-z -]{2,40}?) in (?P<place>[\w.$]{1,120}(?: / [\w.$]{1,120})?)",
        "KCSAN: {kind} in {place}",
        "[    5.1] BUG: KCSAN: data-race in sample_read / sample_write",
    ),
    warning(
        "ubsan",
        "UBSAN: ",
        r"UBSAN: (?P<kind>[\w -]{3,60}?) in (?P<place>[^\s:]{1,200}:\d{1,6}(?::\d{1,6})?)",
        "UBSAN: {kind} in {function_or_place}",
        "[    5.1] UBSAN: shift-out-of-bounds in lib/sample.c:41:9",
    ),
    warning(
        "memory-leak",
        "BUG: memory leak|new suspected memory leaks",
        r"BUG: memory leak|kmemleak: \d{1,9} new suspected memory leaks",
        "memory leak[ in {function}]",
        "BUG: memory leak (71)",
    ),
    oops(
        "bad-page",
        "BUG: Bad ",
        r"BUG: Bad (?P<kind>page state|page map|rss-counter state|page cache)",
        "BUG: Bad {kind}[ in {function}]",
        "[    5.1] BUG: Bad page state in process tester  pfn:0012f",
    ),
    oops(
        "slab-corrupted",
        "BUG ",
        r"^=*\s*BUG (?P<cache>[\w.:-]{1,64}) ?(?:\([^)\n]{0,60}\))?: (?P<text>[^\n]{3,80})",
        "BUG: slab {cache}: {text}",
        "[    5.1] BUG sample_cache (Not tainted): Right Redzone overwritten",
    ),
    oops(
        "slab-report",
        "INFO: Allocated in |INFO: Freed in ",
        r"^INFO: (?:Allocated|Freed) in (?P<place>[\w.]{1,120})\+0x\S{1,20} age=\d{1,12} cpu=",
        "slab error report[ about {place}]",
        "[    5.1] INFO: Allocated in sample_alloc+0x10/0x20 age=12 cpu=0 pid=71",
    ),
    oops(
        "list-corrupted",
        "list_add corruption|list_del corruption|list_add double add",
        r"(?:list_add|list_del) corruption[.,]|^list_add double add: ",
        "list corruption[ in {function}]",
        "[    5.1] list_del corruption. prev->next should be ffff888001, but was dead000000000100",
    ),
    oops(
        "lock-magic",
        "BUG: spinlock |BUG: rwlock ",
        r"BUG: (?P<kind>spinlock|rwlock) (?P<text>bad magic|wrong owner|wrong CPU|recursion"
        r"|already unlocked|cpu recursion)",
        "BUG: {kind} {text}[ in {function}]",
        "[    5.1] BUG: spinlock bad magic on CPU#1, tester/44",
    ),
    oops(
        "dentry-in-use",
        "still in use|Busy inodes after unmount",
        r"BUG: Dentry [^\n]{1,200}\s+still in use|VFS: Busy inodes after unmount",
        "BUG: Dentry still in use[ in {function}]",
        "[    5.1] BUG: Dentry ffff888001234567{i=4,n=thing}  still in use (1) [unmount of tmpfs tmpfs]",
    ),
    oops(
        "pgtables-left",
        "on-zero pgtables_bytes|non-zero nr_p",
        r"BUG: non-zero (?:pgtables_bytes|nr_p[tm]\w{1,10}) on freeing mm",
        "BUG: non-zero page tables on freeing mm",
        "[    5.1] BUG: non-zero pgtables_bytes on freeing mm: 4096",
    ),
    oops(
        "cache-not-empty",
        "kmem_cache_destroy|Objects remaining",
        r"^(?:=*\s*BUG |BUG: )?[^\n]{0,60}(?:Objects remaining in \S{1,60} on"
        r"|kmem_cache_destroy \S{1,60}: Slab cache still has)",
        "slab cache still has objects",
        "[    5.1] kmem_cache_destroy sample_cache: Slab cache still has objects when called from sample_exit",
    ),
    warning(
        "lockdep-limit",
        "BUG: ",
        r"^BUG: (?P<text>MAX_\w{3,40} (?:too low|hit)|key \S{1,40} (?:not in|has not been)"
        r"|looking up invalid subclass)",
        "BUG: {text}",
        "[    5.1] BUG: MAX_SAMPLE_ENTRIES too low!",
    ),
)
