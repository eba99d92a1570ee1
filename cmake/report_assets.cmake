# What the report page is made of, embedded into the library as bytes (src/report/assets.c): our page sources and plotly.js.
# plotly.js comes from a package, never from this repository. Debian's is not minified; esbuild does that here (8.7 MB -> 3.8 MB, a second).
set(PSH_PLOTLY_JS "" CACHE FILEPATH "plotly.js or plotly.min.js to embed into reports; empty: that of Debian's python3-plotly")
set(plotly_js "${PSH_PLOTLY_JS}")
if(NOT plotly_js)
  foreach(candidate
      /usr/share/python3-plotly/plotly.min.js /usr/share/python3-plotly/plotly.js
      /usr/lib/python3/dist-packages/plotly/package_data/plotly.min.js)
    if(NOT plotly_js AND EXISTS ${candidate})
      set(plotly_js ${candidate})
    endif()
  endforeach()
endif()
if(NOT plotly_js)
  message(FATAL_ERROR "plotly.js was not found; the report page needs it. Install Debian's package python3-plotly "
    "(sudo apt-get install python3-plotly), or give the file: cmake -DPSH_PLOTLY_JS=/path/to/plotly.min.js")
elseif(NOT EXISTS ${plotly_js})
  message(FATAL_ERROR "PSH_PLOTLY_JS=${plotly_js}: there is no such file. Give the path of a plotly.min.js, or install "
    "Debian's package python3-plotly and leave PSH_PLOTLY_JS empty.")
endif()

if(plotly_js MATCHES "\\.min\\.js$") # used as it is
  file(STRINGS ${plotly_js} script_ends REGEX "</[sS][cC][rR][iI][pP][tT]" LIMIT_COUNT 1)
  if(script_ends)
    message(FATAL_ERROR "${plotly_js} contains \"</script\", which would end its element in the page. Give a plotly.js that is "
      "not minified (PSH_PLOTLY_JS); esbuild will minify and escape it.")
  endif()
  set(plotly_min_js ${plotly_js})
else()
  find_program(PSH_ESBUILD esbuild)
  if(NOT PSH_ESBUILD)
    message(FATAL_ERROR "esbuild was not found; it minifies ${plotly_js}. Install Debian's package esbuild "
      "(sudo apt-get install esbuild), or give a minified file: cmake -DPSH_PLOTLY_JS=/path/to/plotly.min.js")
  endif()
  set(plotly_min_js ${CMAKE_BINARY_DIR}/report/plotly.min.js)
  # esbuild escapes "</script" in strings and drops the licence's comment, which the page must keep
  file(READ ${plotly_js} licence LIMIT 400)
  string(REGEX MATCH "^/\\*[^/]*\\*/" licence "${licence}")
  string(REGEX REPLACE "[\n\r]+[* ]*" " " licence "${licence}")
  string(REGEX REPLACE "^/\\*+ *(.*[^ ]) */$" "/* \\1 */" licence "${licence}")
  add_custom_command(OUTPUT ${plotly_min_js}
    COMMAND ${PSH_ESBUILD} --minify --target=es2018 --charset=ascii --log-level=error "--banner:js=${licence}" --outfile=${plotly_min_js}
            ${plotly_js}
    DEPENDS ${plotly_js} VERBATIM COMMENT "Minifying ${plotly_js}")
endif()
set(page_sources ${CMAKE_SOURCE_DIR}/src/report/page.html ${CMAKE_SOURCE_DIR}/src/report/page.css ${CMAKE_SOURCE_DIR}/src/report/page.js)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/report/assets.c PROPERTIES
  COMPILE_DEFINITIONS "PSH_PAGE_FOLDER=\"${CMAKE_SOURCE_DIR}/src/report\";PSH_PLOTLY_JS=\"${plotly_min_js}\""
  OBJECT_DEPENDS "${page_sources};${plotly_min_js}")
