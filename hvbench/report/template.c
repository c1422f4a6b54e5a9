/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/report/template.h"

#include <string.h>

/* What surrounds an element: looked at when the element has no such name. */
typedef struct _Scope Scope;
struct _Scope {
    JsonNode *node;
    const Scope *outer;
};

typedef struct {
    char sort; /* '#', '^', '/', '&', or 0 */
    char *name;
    const char *from; /* first byte of the tag, with its line if alone on it */
    const char *next; /* first byte after it */
} Tag;

static void tag_clear(Tag *tag)
{
    g_free(tag->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tag, tag_clear)

/* Extends a tag over its line, if nothing else is on it. */
static void take_line(const char *begin, Tag *tag)
{
    const char *from = tag->from;
    const char *next = tag->next;

    while (from > begin && (from[-1] == ' ' || from[-1] == '\t'))
        from--;
    if (*next == '\n' && (from == begin || from[-1] == '\n')) {
        tag->from = from;
        tag->next = next + 1;
    }
}

/* Finds the first tag in text[0 .. end); FALSE if there is none. */
static gboolean next_tag(const char *text, const char *end, Tag *ret_tag)
{
    const char *open = g_strstr_len(text, end - text, "{{");
    const char *close = open ? g_strstr_len(open, end - open, "}}") : NULL;

    if (!open)
        return FALSE;
    g_assert(close && close > open + 2);
    if (strchr("#^/&", open[2]))
        ret_tag->sort = open[2];
    open += ret_tag->sort ? 3 : 2;
    ret_tag->name = g_strndup(open, close - open);
    ret_tag->from = open - (ret_tag->sort ? 3 : 2);
    ret_tag->next = close + 2;
    if (ret_tag->sort && ret_tag->sort != '&')
        take_line(text, ret_tag);
    return TRUE;
}

static JsonNode *look_up(const Scope *scope, const char *name)
{
    if (strcmp(name, ".") == 0)
        return scope->node;
    for (; scope; scope = scope->outer) {
        JsonObject *object = JSON_NODE_HOLDS_OBJECT(scope->node)
                                 ? json_node_get_object(scope->node)
                                 : NULL;
        if (object && json_object_has_member(object, name))
            return json_object_get_member(object, name);
    }
    return NULL;
}

static gboolean is_shown(JsonNode *node)
{
    if (!node || JSON_NODE_HOLDS_NULL(node))
        return FALSE;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return json_array_get_length(json_node_get_array(node)) > 0;
    if (JSON_NODE_HOLDS_OBJECT(node))
        return TRUE;
    if (json_node_get_value_type(node) == G_TYPE_STRING)
        return json_node_get_string(node)[0] != '\0';
    return json_node_get_value_type(node) != G_TYPE_BOOLEAN ||
           json_node_get_boolean(node);
}

static void append_value(GString *out, JsonNode *node, gboolean escape)
{
    g_autofree char *escaped = NULL;

    if (!is_shown(node))
        return;
    g_assert(JSON_NODE_HOLDS_VALUE(node));
    if (json_node_get_value_type(node) == G_TYPE_INT64) {
        g_string_append_printf(out, "%" G_GINT64_FORMAT,
                               json_node_get_int(node));
    } else if (escape) {
        escaped = g_markup_escape_text(json_node_get_string(node), -1);
        g_string_append(out, escaped);
    } else {
        g_string_append(out, json_node_get_string(node));
    }
}

/* The tag that closes the section whose content begins at `text`. */
static void find_close(const char *text, const char *end, const char *name,
                       Tag *ret_close)
{
    guint depth = 1;

    for (;;) {
        g_auto(Tag) tag = {0};
        gboolean found = next_tag(text, end, &tag);

        g_assert(found);
        if (strcmp(tag.name, name) == 0 && tag.sort == '/')
            depth--;
        else if (strcmp(tag.name, name) == 0 &&
                 (tag.sort == '#' || tag.sort == '^'))
            depth++;
        if (depth == 0) {
            *ret_close = tag;
            tag.name = NULL;
            return;
        }
        text = tag.next;
    }
}

static void fill(GString *out, const char *text, const char *end,
                 const Scope *scope);

static void fill_section(GString *out, const char *text, const char *end,
                         const Scope *scope, JsonNode *node)
{
    JsonArray *array =
        JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint n = array ? json_array_get_length(array) : 1;

    for (guint i = 0; i < n; i++) {
        Scope inner = {array ? json_array_get_element(array, i) : node, scope};
        fill(out, text, end, &inner);
    }
}

static void fill(GString *out, const char *text, const char *end,
                 const Scope *scope)
{
    for (;;) {
        g_auto(Tag) tag = {0};
        g_auto(Tag) close = {0};
        JsonNode *node;

        if (!next_tag(text, end, &tag)) {
            g_string_append_len(out, text, end - text);
            return;
        }
        g_string_append_len(out, text, tag.from - text);
        text = tag.next;
        node = look_up(scope, tag.name);
        if (tag.sort == 0 || tag.sort == '&') {
            append_value(out, node, tag.sort == 0);
            continue;
        }
        g_assert(tag.sort != '/');
        find_close(text, end, tag.name, &close);
        if (tag.sort == '#' && is_shown(node))
            fill_section(out, text, close.from, scope, node);
        else if (tag.sort == '^' && !is_shown(node))
            fill(out, text, close.from, scope);
        text = close.next;
    }
}

char *hvb_template_fill(const char *text, JsonObject *data)
{
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), data);
    Scope scope = {root, NULL};
    GString *out = g_string_new(NULL);

    fill(out, text, text + strlen(text), &scope);
    return g_string_free(out, FALSE);
}
