/*
 * Linked with the parser of a kernel's own scripts/kconfig: for each symbol on stdin, one line of what stands in its way.
 *
 *   NAME<tab>known|unknown<tab>type<tab>value<tab>prompts<tab>choice<tab>depends<tab>selected by
 *
 * Expressions are in prefix form with the value of every leaf: (& A:y (= B:m y:y)).
 */
#include <stdio.h>
#include <string.h>

#include "lkc.h"

static void leaf(struct symbol *sym)
{
	const char *value;

	if (!sym->name) {
		printf(" choice:%d", (int)sym->curr.tri);
		return;
	}
	sym_calc_value(sym);
	printf(" %s:", sym->name);
	/* A name that nothing defines is off; Kconfig gives the name itself as its value. */
	if (sym->type == S_UNKNOWN && !(sym->flags & SYMBOL_CONST)) {
		printf("n");
		return;
	}
	/* A string may hold anything; a leaf must stay one word. */
	for (value = sym_get_string_value(sym); *value; value++)
		putchar(strchr(" ()\t\n", *value) ? '?' : *value);
}

static void comparison(const char *sign, struct expr *expr)
{
	printf(" (%s", sign);
	leaf(expr->left.sym);
	leaf(expr->right.sym);
	printf(")");
}

static void tree(struct expr *expr)
{
	if (!expr) {
		printf(" y:y");
		return;
	}
	switch (expr->type) {
	case E_SYMBOL: leaf(expr->left.sym); break;
	case E_NOT: printf(" (!"); tree(expr->left.expr); printf(")"); break;
	case E_AND: printf(" (&"); tree(expr->left.expr); tree(expr->right.expr); printf(")"); break;
	case E_OR: printf(" (|"); tree(expr->left.expr); tree(expr->right.expr); printf(")"); break;
	case E_EQUAL: comparison("=", expr); break;
	case E_UNEQUAL: comparison("!=", expr); break;
	case E_LTH: comparison("<", expr); break;
	case E_LEQ: comparison("<=", expr); break;
	case E_GTH: comparison(">", expr); break;
	case E_GEQ: comparison(">=", expr); break;
	default: printf(" y:y"); break;
	}
}

static void explain(const char *name)
{
	struct symbol *sym = sym_find(name);
	struct property *prop;
	int prompts = 0;

	if (!sym || sym->type == S_UNKNOWN) {
		printf("%s\tunknown\n", name);
		return;
	}
	sym_calc_value(sym);
	for (prop = sym->prop; prop; prop = prop->next)
		prompts += prop->type == P_PROMPT;
	printf("%s\tknown\t%s\t%s\t%d\t%d\t", name, sym_type_name(sym->type), sym_get_string_value(sym), prompts,
	       sym_is_choice_value(sym) ? 1 : 0);
	/* A symbol with several prompts can be set if any of them is visible. */
	printf("(|");
	for (prop = sym->prop; prop; prop = prop->next)
		if (prop->type == P_PROMPT)
			tree(prop->visible.expr);
	printf(")\t");
	tree(sym->rev_dep.expr);
	printf("\n");
}

int main(int argc, char **argv)
{
	char name[256];

	if (argc < 2)
		return 2;
	conf_parse(argv[1]);
	conf_read(NULL);
	while (fgets(name, sizeof name, stdin)) {
		name[strcspn(name, "\n")] = 0;
		explain(name);
	}
	return 0;
}
