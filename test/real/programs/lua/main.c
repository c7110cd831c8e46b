/*
 * Runs a script by the Lua of Debian's liblua5.4-dev.
 */
#include "../script.h"
#include "lauxlib.h"
#include "lualib.h"

SCRIPT(numbers_lua, "numbers.lua");
SCRIPT(tables_lua, "tables.lua");
SCRIPT(text_lua, "text.lua");
static const struct script scripts[] = {
    { "numbers", numbers_lua }, { "tables", tables_lua }, { "text", text_lua }, { NULL, NULL }
};

int main(int argc, char **argv)
{
    char *script = chosen_script(scripts, "local rounds = %s\n", argc, argv);
    lua_State *lua = luaL_newstate();
    luaL_openlibs(lua);
    if (luaL_dostring(lua, script) == LUA_OK) return 0;
    printf("lua: %s\n", lua_tostring(lua, -1));
    return 1;
}
