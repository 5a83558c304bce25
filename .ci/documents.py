"""Exports a report, a total and a template in every format and compares what
python-docx, openpyxl and the standard library read in them with the JSON.

Usage: documents.py ADDR; the program is $binary, files go to $temp.
"""

import csv
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from html.parser import HTMLParser

import docx
import openpyxl
from openpyxl.utils import range_boundaries

PROGRAM, FOLDER = os.environ["binary"], os.environ["temp"]
# Sections with figures, in the order of the form.
SECTIONS = ("proactive", "applications", "disputes")
# Stored in 分, printed in 万元.
FEES, FEN = 9, Decimal(10) ** 6
FIGURE = re.compile(r"[0-9]+(\.[0-9]+)?")
REPORT = ("report", "371002", "--year", "2024", "--coverage", "CONSOLIDATED", "--sign-off")
ROLLUP = ("rollup", "350128", "--year", "2023")


def run(*args):
    said = subprocess.run((PROGRAM, *args), capture_output=True, text=True)
    if said.returncode not in (0, 1):
        sys.exit(f"{args}: {said.stderr}")
    return said.stdout


def export(what, name):
    path = os.path.join(FOLDER, name)
    run("export", *what, "--to", path)
    return path


def figures_of_report(value):
    """Every figure below a value, in order."""
    if isinstance(value, str):
        return [int(value)]
    return [figure for below in value.values() for figure in figures_of_report(below)]


def figures_of_json(path):
    with open(path, encoding="utf-8") as file:
        said = json.load(file)
    if "cells" in said:
        return [int(cell.get("value", 0)) for cell in said["cells"] if cell["path"].split(".")[0] in SECTIONS]
    return [figure for section in SECTIONS for figure in figures_of_report(said[section])]


def figures_of_docx(path):
    figures = []
    for table in docx.Document(path).tables[:3]:
        seen = set()
        for row in table.rows:
            for cell in row.cells:
                if cell._tc not in seen and FIGURE.fullmatch(cell.text):
                    figures.append(cell.text)
                seen.add(cell._tc)
    return figures


def is_figure(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def figures_of_xlsx(path):
    """Cached values; formulas are worked out again and compared with them."""
    values, formulas = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    figures, computed = [], 0
    for name in values.sheetnames[1:4]:
        sheet = values[name]
        for row in sheet.iter_rows():
            for cell in row:
                if not is_figure(cell.value):
                    continue
                figures.append(repr(cell.value))
                formula = formulas[name][cell.coordinate].value
                if isinstance(formula, str):
                    assert sum_of(formula, sheet) == cell.value, f"{path} {name} {cell.coordinate} {formula}"
                    computed += 1
    assert computed == 34, f"{path}: {computed} formulas"
    return [format(Decimal(figure), "f") for figure in figures]


def sum_of(formula, sheet):
    inner = re.fullmatch(r"=SUM\(([A-Z0-9:,]+)\)", formula).group(1)
    total = 0
    for part in inner.split(","):
        left, top, right, bottom = range_boundaries(part)
        cells = sheet.iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=right)
        total += sum(cell.value or 0 for row in cells for cell in row)
    return total


class Figures(HTMLParser):
    """Texts of the cells of figures, in order, of the first three tables."""

    def __init__(self):
        super().__init__()
        self.tables, self.inside, self.found = 0, False, []

    def handle_starttag(self, tag, attrs):
        self.tables += tag == "table"
        self.inside = tag == "td" and ("class", "figure") in attrs and self.tables <= 3
        if self.inside:
            self.found.append("")

    def handle_endtag(self, _tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.found[-1] += data


def figures_of_html(path):
    reader = Figures()
    with open(path, encoding="utf-8") as file:
        reader.feed(file.read())
    reader.close()
    return reader.found


def figures_of_csv(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    starts = [number for number, line in enumerate(lines) if len(line) == 1 and line[0][:2] in ("二、", "五、")]
    between = lines[starts[0] : starts[1]]
    return [text for line in between for text in line if FIGURE.fullmatch(text)]


READERS = {"docx": figures_of_docx, "xlsx": figures_of_xlsx, "html": figures_of_html, "csv": figures_of_csv}


def compare(what, name):
    expected = figures_of_json(export(what, f"{name}.json"))
    assert len(expected) == 200, len(expected)
    assert sum(figure != 0 for figure in expected) > 12
    for extension, read in READERS.items():
        found = [Decimal(text) for text in read(export(what, f"{name}.{extension}"))]
        assert len(found) == 200, f"{name}.{extension}: {len(found)} figures"
        found[FEES] *= FEN
        wrong = [pair for pair in zip(found, expected) if pair[0] != pair[1]]
        assert not wrong, f"{name}.{extension}: {wrong}"
        print(f"{name}.{extension}: 200 figures as in the JSON")


def check_template():
    path = export(("template", "--year", "2024"), "template.xlsx")
    workbook = openpyxl.load_workbook(path)
    typed = locked = 0
    for sheet in workbook.worksheets[1:]:
        assert sheet.protection.sheet
        validated = {cell for validation in sheet.data_validations.dataValidation for cell in covered(validation)}
        unlocked = {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
        # what is merged into a cell is no cell of its own
        merged = {cell for merged in sheet.merged_cells.ranges for cell in names(merged) if cell != merged.start_cell.coordinate}
        assert unlocked - merged == validated, f"{sheet.title}: {unlocked ^ validated}"
        typed += len(validated)
        locked += sum(str(cell.value).startswith("=IF(COUNT(") for row in sheet.iter_rows() for cell in row)
    assert (typed, locked) == (166, 34), (typed, locked)
    print("template.xlsx: 166 cells to type into, 34 that add themselves up")


def names(cells):
    return [f"{openpyxl.utils.get_column_letter(column)}{row}" for row, column in cells.cells]


def covered(validation):
    return [name for cells in validation.sqref.ranges for name in names(cells)]


run("units", "apply", "tests/data/units.json")
run("submit", "tests/data/huancui-2024.jsonl")
run("submit", "tests/data/reports.jsonl")
compare(REPORT, "report")
compare(ROLLUP, "rollup")
check_template()
text = "\n".join(paragraph.text for paragraph in docx.Document(os.path.join(FOLDER, "report.docx")).paragraphs)
headings = [p.text for p in docx.Document(os.path.join(FOLDER, "report.docx")).paragraphs if p.style.name == "Heading 1"]
assert len(headings) == 7 and "（签字）" in text and "结转下年度继续办理7件" in text, headings
print("report.docx: six sections, a sheet to sign, its own texts")
