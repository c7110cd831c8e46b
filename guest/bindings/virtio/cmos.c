/*
 * The battery-backed clock: the date and time to a second, in BCD, taken for UTC. Source: MC146818A data sheet.
 */

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

enum cmos_register { CMOS_SECOND = 0, CMOS_MINUTE = 2, CMOS_HOUR = 4, CMOS_DAY = 7, CMOS_MONTH = 8, CMOS_YEAR = 9,
                     CMOS_STATUS_A = 10 };
#define CMOS_UPDATING 0x80 /* in status A */

static unsigned cmos_read(enum cmos_register index)
{
    out8(CMOS_INDEX, (uint8_t)index);
    return in8(CMOS_DATA);
}

static unsigned cmos_number(enum cmos_register index)
{
    unsigned bcd = cmos_read(index);
    return (bcd >> 4) * 10 + (bcd & 15);
}

/* Days from 1970-01-01 to the first of (month) in (year), both of the Gregorian calendar. */
static unsigned long days_before_month(unsigned year, unsigned month)
{
    static const uint16_t before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    unsigned long leap_years = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477; /* 477 before 1970 */
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return (year - 1970UL) * 365 + leap_years + before[month - 1] + (is_leap && month > 2);
}

/* Seconds since 1970. Read again when the second changed meanwhile. */
static uint64_t cmos_seconds(void)
{
    unsigned second, minute, hour, day, month, year;
    do {
        while ((cmos_read(CMOS_STATUS_A) & CMOS_UPDATING) != 0)
            cpu_pause();
        second = cmos_number(CMOS_SECOND);
        minute = cmos_number(CMOS_MINUTE);
        hour = cmos_number(CMOS_HOUR);
        day = cmos_number(CMOS_DAY);
        month = cmos_number(CMOS_MONTH);
        year = 2000 + cmos_number(CMOS_YEAR);
    } while (second != cmos_number(CMOS_SECOND));
    if (month < 1 || month > 12) return 0;
    return ((days_before_month(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second;
}
