/*
 * SQLite on a database in memory: inserts, an index, joins, groups, updates in transactions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sqlite3.h"

static void check(int status, sqlite3 *db)
{
    if (status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW) return;
    printf("sqlite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void execute(sqlite3 *db, const char *sql)
{
    check(sqlite3_exec(db, sql, NULL, NULL, NULL), db);
}

static void print_rows(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *query;
    check(sqlite3_prepare_v2(db, sql, -1, &query, NULL), db);
    while (sqlite3_step(query) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(query); i++) printf("%s ", (const char *)sqlite3_column_text(query, i));
        printf("\n");
    }
    check(sqlite3_finalize(query), db);
}

static void insert(sqlite3 *db, int from, int to)
{
    static const char *const kinds[] = { "apple", "pear", "plum", "quince", "cherry", "medlar", "grape" };
    sqlite3_stmt *row;
    check(sqlite3_prepare_v2(db, "INSERT INTO fruit VALUES (?, ?, ?, ?)", -1, &row, NULL), db);
    execute(db, "BEGIN");
    for (int i = from; i < to; i++) {
        check(sqlite3_bind_int(row, 1, i), db);
        check(sqlite3_bind_text(row, 2, kinds[i * 31 % 7], -1, SQLITE_STATIC), db);
        check(sqlite3_bind_double(row, 3, (double)(i % 1000) / 8), db);
        check(sqlite3_bind_int(row, 4, (int)((unsigned)i * 2654435761u >> 12)), db);
        check(sqlite3_step(row), db);
        check(sqlite3_reset(row), db);
    }
    execute(db, "COMMIT");
    check(sqlite3_finalize(row), db);
}

/* Each round has a thousand rows of its own. */
int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 1;
    sqlite3 *db;
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    check(sqlite3_open(":memory:", &db), db);
    /* Sorting a hundred thousand rows would take a file. */
    execute(db, "PRAGMA temp_store = MEMORY");
    execute(db, "CREATE TABLE fruit (id INTEGER PRIMARY KEY, kind TEXT, weight REAL, lot INTEGER)");
    execute(db, "CREATE INDEX by_lot ON fruit (lot)");
    for (int round = 0; round < rounds; round++) {
        char sql[256];
        insert(db, round * 1000, round * 1000 + 1000);
        snprintf(sql, sizeof sql, "UPDATE fruit SET weight = weight + 0.5 WHERE id %% 9 = 4 AND id >= %d", round * 1000);
        execute(db, sql);
        snprintf(sql, sizeof sql, "DELETE FROM fruit WHERE id BETWEEN %d AND %d", round * 1000 + 40, round * 1000 + 60);
        execute(db, sql);
    }
    print_rows(db, "SELECT kind, count(*), round(sum(weight), 3), max(lot), min(lot) FROM fruit GROUP BY kind ORDER BY 3 DESC");
    print_rows(db, "SELECT count(*) FROM fruit a JOIN fruit b ON b.id = a.id + 7 WHERE a.kind < b.kind");
    print_rows(db, "SELECT id, upper(kind), printf('%08.3f', weight) FROM fruit WHERE lot > 200000 ORDER BY lot LIMIT 5");
    print_rows(db, "SELECT group_concat(DISTINCT kind), total(length(kind)) FROM fruit WHERE kind LIKE '%e%'");
    check(sqlite3_close(db), db);
    return 0;
}
