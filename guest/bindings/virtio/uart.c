/*
 * The console: COM1, written byte by byte, without interrupts. Source: PC16550D data sheet, section 8.
 */

#define COM1            0x3f8
#define UART_THR        (COM1 + 0) /* data; the divisor's low byte while DLAB */
#define UART_IER        (COM1 + 1) /* interrupts; the divisor's high byte while DLAB */
#define UART_LCR        (COM1 + 3)
#define UART_LSR        (COM1 + 5)
#define UART_LCR_DLAB   0x80
#define UART_LCR_8N1    0x03
#define UART_LSR_THRE   0x20
#define UART_DIVISOR    1 /* 115,200 baud */

static void uart_init(void)
{
    out8(UART_IER, 0);
    out8(UART_LCR, UART_LCR_DLAB);
    out8(UART_THR, UART_DIVISOR);
    out8(UART_IER, 0);
    out8(UART_LCR, UART_LCR_8N1);
}

static void uart_put(char c)
{
    while ((in8(UART_LSR) & UART_LSR_THRE) == 0)
        cpu_pause();
    out8(UART_THR, (uint8_t)c);
}

/* A terminal at the other end wants a carriage return with each new line. By itself, as put_until is. */
__attribute__((noinline)) void solo5_console_write(const char *buf, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (buf[i] == '\n') uart_put('\r');
        uart_put(buf[i]);
    }
}
