/*
 * Canary firmware: from the reset vector to 64-bit mode in the steps a kernel also takes, a little work there, then out.
 *
 * It is the last 512 bytes of a 64 KiB ROM at 0xF0000; canary.py pads the front. One letter a stage goes to QEMU's
 * debug console, so that a hang says where; 0x2a to isa-debug-exit ends QEMU with status (0x2a << 1) | 1 = 0x55.
 *
 *   as --64 -o canary.o canary_x86_64.S
 *   ld -m elf_x86_64 -Ttext 0xFFE00 --oformat binary -o canary_x86_64.bin canary.o
 */
	.set	DEBUGCON, 0xe9
	.set	EXIT_PORT, 0xf4
	.set	EXIT_VALUE, 0x2a
	.set	PML4, 0x1000		/* page tables in RAM: the CPU writes accessed bits into them */
	.set	PDPT, 0x2000
	.set	PD, 0x3000
	.set	LOOPS, 1 << 23		/* about 5 ms of hardware, 20 ms of TCG, 9 s of KVM's software emulator */
	.set	SEGMENT, 0xf000
	.set	SEGMENT_BASE, 0xf0000

	.text
	.globl	_start
_start:
	.code16
real:
	cli
	cld
	movb	$'R', %al
	outb	%al, $DEBUGCON

	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss

	/* Identity-map the first 2 MiB with one large page. */
	movw	$PML4, %di
	movw	$(3 * 4096 / 2), %cx
	rep stosw
	movw	$(PDPT | 3), PML4
	movw	$(PD | 3), PDPT
	movw	$0x83, PD		/* present, writable, 2 MiB */

	lgdtl	%cs:(gdt_pointer - SEGMENT_BASE)
	movl	%cr0, %eax
	orl	$1, %eax		/* PE */
	movl	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movb	$'P', %al
	outb	%al, $DEBUGCON

	movl	%cr4, %eax
	orl	$0x20, %eax		/* PAE */
	movl	%eax, %cr4
	movl	$PML4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER */
	rdmsr
	orl	$0x100, %eax		/* LME */
	wrmsr
	movb	$'E', %al
	outb	%al, $DEBUGCON

	movl	%cr0, %eax
	orl	$0x80000000, %eax	/* PG: this is the switch */
	.globl	long_mode_switch
long_mode_switch:
	movl	%eax, %cr0
	ljmpl	$0x18, $long_mode

	.code64
long_mode:
	/* Without the switch these bytes would run too, as 16-bit code. There, the prefix of this nop is a decrement. */
	xorl	%eax, %eax
	.byte	0x48, 0x90		/* rex.w nop */
	testb	%al, %al
	jnz	2f
	movb	$'L', %al
	outb	%al, $DEBUGCON

	/*
	 * Reaching 64-bit mode is not enough: a KVM without hardware underneath emulates each instruction in software and
	 * gets here too. It does not know vector instructions, and the loop below takes it many seconds.
	 */
	movq	%cr0, %rax
	andl	$~0x4, %eax		/* EM off */
	orl	$0x2, %eax		/* MP */
	movq	%rax, %cr0
	movq	%cr4, %rax
	orl	$0x600, %eax		/* OSFXSR, OSXMMEXCPT */
	movq	%rax, %cr4
	paddd	%xmm1, %xmm0
	movb	$'S', %al
	outb	%al, $DEBUGCON

	movl	$LOOPS, %ecx
1:	decl	%ecx
	jnz	1b
	movb	$'W', %al
	outb	%al, $DEBUGCON

	/* Only a CPU in 64-bit mode has the upper half of this register. */
	movabsq	$(EXIT_VALUE << 32), %rax
	shrq	$32, %rax
	outb	%al, $EXIT_PORT
2:	hlt
	jmp	2b

	/* In ROM, so every descriptor has its accessed bit set: the CPU need not write it. */
	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08: 32-bit code */
	.quad	0x00cf93000000ffff	/* 0x10: data */
	.quad	0x00af9b000000ffff	/* 0x18: 64-bit code */
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt

	.org	0x1f0
	.code16
reset:
	ljmpw	$SEGMENT, $(real - SEGMENT_BASE)
	.org	0x200
