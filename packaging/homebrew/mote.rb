# SPDX-License-Identifier: Apache-2.0
#
# Homebrew: builds the library and the tool from the source archive, for Apple silicon.  Whoever publishes
# a release sets homepage, url and sha256.  The guest SDK is not in it: guests are ELF files
# (docs/macos.md).
class Mote < Formula
  desc "Runs untrusted native code in micro VMs, one function call at a time"
  homepage "https://example.org/mote"
  url "https://example.org/mote/mote-0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "Apache-2.0"

  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on arch: :arm64
  depends_on macos: :monterey

  def install
    system "cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DMOTE_TESTS=OFF",
           "-DMOTE_EXAMPLES=OFF", "-DMOTE_WERROR=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
    pkgshare.install "packaging/macos/mote.entitlements"
  end

  # What changes a program on its way, as strip does, signs it anew without entitlements.
  def post_install
    [bin/"mote", libexec/"mote/mote-conformance"].each do |program|
      system "codesign", "--sign", "-", "--force", "--entitlements",
             pkgshare/"mote.entitlements", program
    end
  end

  def caveats
    <<~EOS
      A program of yours that uses libmote needs an entitlement in its signature:
        codesign --sign - --force --entitlements #{opt_pkgshare}/mote.entitlements PROGRAM
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/mote --version")
    assert_match "com.apple.security.hypervisor",
                 shell_output("codesign --display --entitlements - #{bin}/mote 2>&1")
    (testpath/"version.c").write <<~C
      #include <mote/mote.h>
      #include <stdio.h>

      int main(void)
      {
        puts(mote_version());
        return 0;
      }
    C
    system ENV.cc, "version.c", "-I#{include}", "-L#{lib}", "-lmote", "-Wl,-rpath,#{lib}",
           "-o", "version"
    assert_equal version.to_s, shell_output("./version").strip
  end
end
