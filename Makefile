# The targets people type; CMake (presets in CMakePresets.json) does the work, each kind of build in build/KIND.
.POSIX:
.SUFFIXES:

JOBS = 2
# More than there are cores: many tests wait most of the time, for timeouts of the kernel and of the service.
TEST_JOBS = 4
PREFIX = /usr/local
ARGS =
TEST_ARGS =
CTEST = ctest --output-on-failure --no-tests=error --timeout 300 -j $(TEST_JOBS)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-22s%s\n", $$1, $$2 }'

run: build/release/build.ninja ## build and run it: follows ./*.log, serves http://127.0.0.1:8080/stream (ARGS="--help" passes options)
	@cmake --build build/release --target logwisp -j $(JOBS)
	@build/release/src/logwisp $(ARGS)

release: build/release/build.ninja ## build build/release/src/logwisp and build/release/bench/logwisp-bench
	@cmake --build build/release --target logwisp logwisp-bench -j $(JOBS)

build/release/build.ninja:
	cmake --preset release

test: ## build everything and run every test (TEST_ARGS="-R stream" picks some)
	cmake --preset release -DLOGWISP_TESTS=ON
	cmake --build build/release -j $(JOBS)
	$(CTEST) --test-dir build/release $(TEST_ARGS)

torture: ## the long run of tests/torture: 1,000 kills, hundreds of rotations, both backends (ARGS="kills" picks some)
	cmake --preset release -DLOGWISP_TESTS=ON
	cmake --build build/release --target logwisp refuse -j $(JOBS)
	tests/torture/long.sh $(ARGS)

torture-peers: ## one torture beside tail -F and rsyslog's imfile: a table of what each has lost and doubled
	cmake --preset release -DLOGWISP_TESTS=ON
	cmake --build build/release --target logwisp refuse -j $(JOBS)
	tests/torture/long.sh --peers

planted: ## plants bugs and shows that the simulation finds each (ARGS="gap_off_by_one" picks some)
	@JOBS=$(JOBS) tests/sim/planted.sh $(ARGS)

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	cmake --preset asan
	cmake --build build/asan -j $(JOBS)
	UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_stack_use_after_return=1 \
	    $(CTEST) --test-dir build/asan -LE release $(TEST_ARGS)

ubsan: ## the tests under UndefinedBehaviorSanitizer alone
	cmake --preset ubsan
	cmake --build build/ubsan -j $(JOBS)
	UBSAN_OPTIONS=print_stacktrace=1 $(CTEST) --test-dir build/ubsan -LE release $(TEST_ARGS)

tsan: ## the tests of several cores under ThreadSanitizer
	cmake --preset tsan
	cmake --build build/tsan --target threads_tests -j $(JOBS)
	TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1" $(CTEST) --test-dir build/tsan -L threads $(TEST_ARGS)

bench: build-bench ## measure it beside the floor: tables, in a quarter of an hour (ARGS="--runs 5 fanout latency" picks rows)
	bench/run $(ARGS)

bench-peers: build-bench ## also beside nats-server, redis-server, nchan and tail | nc, unpacked below build/ from Debian's packages
	test -x build/third_party/peers/usr/sbin/nats-server || bench/fetch-peers build/third_party/peers
	bench/run --peers $(ARGS)

bench-pieces: build-bench ## time the pieces of a line's way (ARGS="--benchmark_filter=parse" picks some)
	build/bench/bench/pieces $(ARGS)

bench-compare: build-bench ## count the pieces' instructions and name those that got worse (ARGS=--write: this is the new baseline)
	bench/count-pieces $(ARGS)

build-bench:
	cmake --preset bench
	cmake --build build/bench -j $(JOBS)

coverage: ## run the tests and write build/coverage/index.html
	cmake --preset coverage
	cmake --build build/coverage -j $(JOBS)
	$(CTEST) --test-dir build/coverage -LE release $(TEST_ARGS)
	gcovr --root . --filter src/ --filter include/ --html-details build/coverage/index.html --print-summary build/coverage

tidy: ## clang-tidy over src/ and tests/
	cmake --preset clang -DLOGWISP_TESTS=ON
	git ls-files 'src/*.cpp' 'tests/*.cpp' | xargs -P $(JOBS) -n 4 clang-tidy -quiet -p build/clang

format: ## clang-format over everything
	git ls-files '*.cpp' '*.hpp' '*.c' | xargs clang-format -i

install: release ## install under PREFIX (/usr/local); DESTDIR is honoured
	cmake --install build/release --prefix $(PREFIX)

deb: ## build the Debian packages into build/deb, with lintian's opinion
	packaging/build-deb

test-kernel61: deb build/release/tests/refuse build/release/tests/hanging_fs ## boot a Debian 12 with the package in an emulated machine: systemd, kernel 6.1, end-to-end tests (root)
	tests/system/run.sh

test-container: build/release/tests/refuse ## build packaging/Dockerfile's image in a debootstrap'ed root and run it as compose.yaml does (root)
	node tests/container/run.mjs

build/release/tests/refuse build/release/tests/hanging_fs:
	cmake --preset release -DLOGWISP_TESTS=ON
	cmake --build build/release --target refuse hanging_fs -j $(JOBS)
	sh tests/e2e/install-packages.sh

uninstall: ## remove what install put there
	xargs rm -fv < build/release/install_manifest.txt

clean: ## remove the builds (downloaded sources of libraries stay)
	find build -mindepth 1 -maxdepth 1 ! -name third_party -exec rm -rf {} +

.PHONY: help run release test torture torture-peers planted asan ubsan tsan bench bench-peers bench-pieces bench-compare build-bench coverage tidy format install deb test-kernel61 test-container uninstall clean
