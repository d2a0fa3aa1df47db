#include "chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace logwisp::bench {
namespace {

constexpr double width = 800;
constexpr double height = 420;
constexpr double left = 70;
constexpr double right = 32;
constexpr double top = 20;
constexpr double bottom = 60;
constexpr int rows = 5;

constexpr const char* colours[] = {"#1f5fa8", "#c2410c", "#15803d", "#7c3aed",
                                   "#b91c1c", "#0e7490", "#57534e"};

std::string format(const char* pattern, auto... values) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else
            out += c;
    }
    return out;
}

// 1, 2 or 5 times a power of ten, so that `rows` of them are at least `value`.
double row_height(double value) {
    const double least = std::max(value, 1e-3) / rows;
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= least) return factor * power;
    return 10 * power;
}

struct Scale {
    double nines = 1;  // how many tenths of tenths the axis is wide
    double value_max = 1;
    [[nodiscard]] double x(double part) const {
        const double at = std::min(-std::log10(std::max(1 - part, 1e-12)), nines);
        return left + (width - left - right) * at / nines;
    }
    [[nodiscard]] double y(double value) const {
        return height - bottom - (height - top - bottom) * value / value_max;
    }
};

// The last step, at 100 %, has no place on the axis: it stands at its end.
Scale scale_for(const std::vector<Curve>& curves) {
    Scale scale;
    double most = 0;
    for (const Curve& curve : curves)
        for (const Histogram::Step& step : curve.steps) {
            most = std::max(most, step.value_ms);
            if (step.part < 1) scale.nines = std::max(scale.nines, -std::log10(1 - step.part));
        }
    scale.nines = std::ceil(scale.nines);
    scale.value_max = row_height(most) * rows;
    return scale;
}

std::string grid(const Scale& scale) {
    std::string out;
    const double row = scale.value_max / rows;
    for (int i = 0; i <= rows; ++i) {
        const double y = scale.y(row * i);
        out += format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n",
                      left, y, width - right, y);
        out += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", left - 8,
                      y + 4, row * i);
    }
    for (int i = 0; i <= static_cast<int>(scale.nines); ++i) {
        const double part = 1 - std::pow(10, -i);
        const double x = scale.x(part);
        out += format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n",
                      x, top, x, height - bottom);
        out += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.10g%%</text>\n", x,
                      height - bottom + 18, part * 100);
    }
    return out;
}

}  // namespace

std::optional<std::vector<Histogram::Step>> read_percentile_file(const std::string& path) {
    std::ifstream file(path);
    std::vector<Histogram::Step> steps;
    for (std::string line; std::getline(file, line);) {
        Histogram::Step step;
        unsigned long long count = 0;
        if (std::sscanf(line.c_str(), "%lf %lf %llu", &step.value_ms, &step.part, &count) != 3)
            continue;
        step.count = count;
        steps.push_back(step);
    }
    if (steps.empty()) return std::nullopt;
    return steps;
}

std::string chart_svg(const std::vector<Curve>& curves) {
    const Scale scale = scale_for(curves);
    std::string out = format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
        width, height);
    out += grid(scale);
    out += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">percentile</text>\n",
                  (left + width - right) / 2, height - 12);
    out += format(
        "<text transform=\"translate(16 %.1f) rotate(-90)\" text-anchor=\"middle\">latency in "
        "ms</text>\n",
        (top + height - bottom) / 2);
    std::size_t index = 0;
    for (const Curve& curve : curves) {
        const char* colour = colours[index % std::size(colours)];
        out += "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + std::string(colour) +
               "\" points=\"";
        for (const Histogram::Step& step : curve.steps)
            out += format("%.1f,%.1f ", scale.x(step.part), scale.y(step.value_ms));
        out += "\"/>\n";
        out += format("<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">", left + 12,
                      top + 18 + 16 * static_cast<double>(index), colour);
        out += escaped(curve.name) + "</text>\n";
        ++index;
    }
    return out + "</svg>\n";
}

}  // namespace logwisp::bench
