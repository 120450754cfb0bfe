"""A snippet of every language that has symbols, and what they are."""

from __future__ import annotations

Outline = list[tuple[str, str, int, int]]

SNIPPETS: dict[str, tuple[str, Outline]] = {
    "a.py": (
        ("import x\n\nclass Cart(Base):\n    @property\n    @cached\n    def total(self):\n        def add(a):\n"
        "            return a\n        return add\n\nasync def main(): pass\n"),
        [("Cart", "class", 3, 9), ("Cart.total", "method", 4, 9), ("Cart.total.add", "function", 7, 8),
         ("main", "function", 11, 11)],
    ),
    "a.js": (
        ("class Cart extends B {\n  total(x) { return x }\n  static get size() {}\n  #own() {}\n  late = () => 1\n"
        "  n = 1\n}\nexport default function foo() {\n  const inner = async x => x\n}\n"
        "function* gen() {}\nconst plain = 1\n"),
        [("Cart", "class", 1, 7), ("Cart.total", "method", 2, 2), ("Cart.size", "method", 3, 3),
         ("Cart.#own", "method", 4, 4), ("Cart.late", "method", 5, 5), ("foo", "function", 8, 10),
         ("foo.inner", "function", 9, 9), ("gen", "function", 11, 11)],
    ),
    "a.jsx": ("const App = () => <div>{total}</div>\n", [("App", "function", 1, 1)]),
    "a.ts": (
        ("interface I {\n  m(): void\n}\ntype T = { a: number }\nenum E { A }\nnamespace N {\n"
        "  export function f<T>(a: T): T { return a }\n}\nabstract class C<T> {\n  abstract m(): void\n"
        "  private late = (x: T) => x\n  constructor(private x: number) {}\n}\ndeclare function g(): void\n"),
        [("I", "interface", 1, 3), ("I.m", "method", 2, 2), ("T", "type", 4, 4), ("E", "enum", 5, 5),
         ("N", "namespace", 6, 8), ("N.f", "function", 7, 7), ("C", "class", 9, 13), ("C.m", "method", 10, 10),
         ("C.late", "method", 11, 11), ("C.constructor", "method", 12, 12), ("g", "function", 14, 14)],
    ),
    "a.tsx": ("export const App = (p: P) => <div>{p.total}</div>;\n", [("App", "function", 1, 1)]),
    "a.go": (
        ("package p\n\ntype Cart struct{ n int }\n\ntype I interface {\n\tM()\n}\n\nfunc (c *Cart) Total(x int) int {\n"
        "\treturn 1\n}\n\nfunc (b Box[T]) Get() {}\n\nfunc Main() {}\n"),
        [("Cart", "type", 3, 3), ("I", "type", 5, 7), ("I.M", "method", 6, 6), ("Cart.Total", "method", 9, 11),
         ("Box.Get", "method", 13, 13), ("Main", "function", 15, 15)],
    ),
    "a.java": (
        ("package a;\n@Entity\nclass Cart {\n  Cart() {}\n  @Override\n  int total() { return 1; }\n  class Line {}\n"
        "}\ninterface I { void m(); }\nenum E { A; void x() {} }\nrecord R(int a) {}\n@interface An {}\n"),
        [("Cart", "class", 2, 8), ("Cart.Cart", "constructor", 4, 4), ("Cart.total", "method", 5, 6),
         ("Cart.Line", "class", 7, 7), ("I", "interface", 9, 9), ("I.m", "method", 9, 9), ("E", "enum", 10, 10),
         ("E.x", "method", 10, 10), ("R", "record", 11, 11), ("An", "annotation", 12, 12)],
    ),
    "a.kt": (
        ("package a\n\nclass Cart(val n: Int) {\n    fun total(): Int {\n        return 1\n    }\n}\n\ninterface I {\n"
        "    fun m()\n}\n\nobject O {\n    fun x() {}\n}\n\nenum class E { A }\n\n"
        "fun String.ext() {}\n\ntypealias T = Int\n"),
        [("Cart", "class", 3, 7), ("Cart.total", "method", 4, 6), ("I", "interface", 9, 11), ("I.m", "method", 10, 10),
         ("O", "object", 13, 15), ("O.x", "method", 14, 14), ("E", "enum", 17, 17), ("ext", "function", 19, 19),
         ("T", "type", 21, 21)],
    ),
    "a.rs": (
        ("struct Cart { n: i32 }\n\nimpl Cart {\n    fn total(&self) -> i32 { 1 }\n}\n\nimpl<T> Tr for Box<T> {\n"
        "    fn m() {}\n}\n\ntrait Tr { fn m(); }\n\nmod inner {\n    pub fn f() {}\n}\n\n"
        "macro_rules! mm { () => {} }\nenum E { A }\nunion U { a: i32 }\ntype T = i32;\n"),
        [("Cart", "struct", 1, 1), ("Cart", "impl", 3, 5), ("Cart.total", "method", 4, 4), ("Box", "impl", 7, 9),
         ("Box.m", "method", 8, 8), ("Tr", "trait", 11, 11), ("Tr.m", "method", 11, 11), ("inner", "module", 13, 15),
         ("inner.f", "function", 14, 14), ("mm", "macro", 17, 17), ("E", "enum", 18, 18), ("U", "union", 19, 19),
         ("T", "type", 20, 20)],
    ),
    "a.rb": (
        ("module M\n  class Cart < B\n    def total(x)\n    end\n    def self.make\n    end\n    class << self\n"
        "      def k; end\n    end\n  end\nend\nclass A::B; end\n"),
        [("M", "module", 1, 11), ("M.Cart", "class", 2, 10), ("M.Cart.total", "method", 3, 4),
         ("M.Cart.make", "method", 5, 6), ("M.Cart.k", "method", 8, 8), ("A.B", "class", 12, 12)],
    ),
    "a.c": (
        ("#define MAX 1\n#define F(x) x\nstruct cart { int n; };\nint total(struct cart *c) {\n  return 1;\n}\n"
        "static char **name(void) { return 0; }\nint (*fp(int a))(void) { return 0; }\nenum e { A };\n"
        "typedef struct { int a; } box;\nunion u { int a; };\nint proto(int);\n"),
        [("MAX", "macro", 1, 1), ("F", "macro", 2, 2), ("cart", "struct", 3, 3), ("total", "function", 4, 6),
         ("name", "function", 7, 7), ("fp", "function", 8, 8), ("e", "enum", 9, 9), ("box", "type", 10, 10),
         ("u", "union", 11, 11)],
    ),
    "a.cpp": (
        ("namespace ns {\nclass Cart {\n public:\n  int total() const { return 1; }\n  ~Cart() {}\n"
        "  int operator+(int) { return 1; }\n  int later();\n};\n}\nint ns::Cart::later() { return 1; }\n"
        "template <class T>\nT most(T a) { return a; }\nstruct S {};\nenum class E { A };\nconst int &ref() { }\n"),
        [("ns", "namespace", 1, 9), ("ns.Cart", "class", 2, 8), ("ns.Cart.total", "method", 4, 4),
         ("ns.Cart.~Cart", "method", 5, 5), ("ns.Cart.operator+", "method", 6, 6),
         ("ns.Cart.later", "function", 10, 10), ("most", "function", 11, 12), ("S", "struct", 13, 13),
         ("E", "enum", 14, 14), ("ref", "function", 15, 15)],
    ),
    "a.cs": (
        ("namespace A.B {\n  [Attr]\n  class Cart : X {\n    Cart() {}\n    int Total() { return 1; }\n"
        "    int P { get; set; }\n  }\n  interface I { void M(); }\n  struct S {}\n  enum E { A }\n  record R(int a);\n"
        "  delegate void D();\n}\n"),
        [("A.B", "namespace", 1, 13), ("A.B.Cart", "class", 2, 7), ("A.B.Cart.Cart", "constructor", 4, 4),
         ("A.B.Cart.Total", "method", 5, 5), ("A.B.Cart.P", "property", 6, 6), ("A.B.I", "interface", 8, 8),
         ("A.B.I.M", "method", 8, 8), ("A.B.S", "struct", 9, 9), ("A.B.E", "enum", 10, 10),
         ("A.B.R", "record", 11, 11), ("A.B.D", "delegate", 12, 12)],
    ),
    "a.php": (
        ("<?php\nnamespace A;\nclass Cart {\n  public function total() {}\n}\ninterface I { function m(); }\n"
        "trait T {}\nenum E { case A; }\nfunction foo() {}\n"),
        [("Cart", "class", 3, 5), ("Cart.total", "method", 4, 4), ("I", "interface", 6, 6), ("I.m", "method", 6, 6),
         ("T", "trait", 7, 7), ("E", "enum", 8, 8), ("foo", "function", 9, 9)],
    ),
    "a.swift": (
        ("class Cart {\n  func total() -> Int { 1 }\n  init() {}\n}\nstruct S {}\nprotocol P { func m() }\n"
        "extension Cart { func e() {} }\nfunc foo() {}\n"),
        [("Cart", "class", 1, 4), ("Cart.total", "method", 2, 2), ("Cart.init", "initializer", 3, 3),
         ("S", "struct", 5, 5), ("P", "protocol", 6, 6), ("P.m", "method", 6, 6), ("Cart", "extension", 7, 7),
         ("Cart.e", "method", 7, 7), ("foo", "function", 8, 8)],
    ),
    "a.scala": (
        "package a\nclass Cart {\n  def total(x: Int) = 1\n}\nobject O { def f = 1 }\ntrait T { def m: Int }\n",
        [("Cart", "class", 2, 4), ("Cart.total", "method", 3, 3), ("O", "object", 5, 5), ("O.f", "method", 5, 5),
         ("T", "trait", 6, 6), ("T.m", "method", 6, 6)],
    ),
    "a.sh": (
        "foo() {\n  echo\n}\nfunction bar { :; }\n",
        [("foo", "function", 1, 3), ("bar", "function", 4, 4)],
    ),
    "a.lua": (
        "function foo() end\nlocal function bar() end\nfunction M.baz() end\nfunction M:q() end\n",
        [("foo", "function", 1, 1), ("bar", "function", 2, 2), ("M.baz", "function", 3, 3), ("M.q", "function", 4, 4)],
    ),
    "a.ex": (
        ("defmodule A.B do\n  def foo(x), do: x\n  defp bar(x) when x > 1 do\n    x\n  end\n  defmacro z(a) do\n  end\n"
        "  other(1)\nend\n"),
        [("A.B", "module", 1, 9), ("A.B.foo", "function", 2, 2), ("A.B.bar", "function", 3, 5),
         ("A.B.z", "macro", 6, 7)],
    ),
    "a.hs": (
        "module M where\ndata T = A\nclass C a where\n  m :: a\nfoo :: Int -> Int\nfoo x = x\n",
        [("T", "type", 2, 2), ("C", "class", 3, 4), ("foo", "function", 6, 6)],
    ),
    "main.tf": (
        'resource "aws_instance" "web" {\n  a = 1\n}\nvariable "v" {}\n',
        [("resource.aws_instance.web", "block", 1, 3), ("variable.v", "block", 4, 4)],
    ),
    "a.sol": (
        "contract C {\n  function f() public {}\n  modifier m() { _; }\n}\nlibrary L {}\ninterface I {}\n",
        [("C", "contract", 1, 4), ("C.f", "method", 2, 2), ("C.m", "modifier", 3, 3), ("L", "library", 5, 5),
         ("I", "interface", 6, 6)],
    ),
}  # fmt: skip
